#include "cc/arith/structure.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "cc/ir/intrinsic.h"

namespace tilescale::arith {
namespace {

using ir::Expr;

size_t Mix(size_t seed, size_t value) {
  return (seed ^ value) * size_t{0x9E3779B97F4A7C15} + (seed >> 29);
}

size_t TypeKey(ir::DType t) { return t.code * 65536u + t.bits * 256u + t.lanes; }

/// What distinguishes a node apart from its children: kind of operator, constant, identity.
size_t Payload(const Expr& e) {
  if (const auto* binary = e.as<ir::BinaryObj>()) return static_cast<size_t>(binary->kind) + 1;
  if (const auto* imm = e.as<ir::IntImmObj>()) return static_cast<size_t>(imm->value);
  if (const auto* imm = e.as<ir::FloatImmObj>()) {
    size_t bits;
    std::memcpy(&bits, &imm->value, sizeof(bits));
    return bits;
  }
  if (const auto* load = e.as<ir::LoadObj>()) return reinterpret_cast<size_t>(load->buffer.get());
  if (const auto* address = e.as<ir::AddressOfObj>()) {
    return reinterpret_cast<size_t>(address->buffer.get());
  }
  if (const auto* call = e.as<ir::CallObj>()) return std::hash<std::string>()(call->op);
  bool structural = e.as<ir::NotObj>() || e.as<ir::CastObj>() || e.as<ir::SelectObj>();
  return structural ? 0 : reinterpret_cast<size_t>(e.get());
}

std::vector<Expr> Children(const Expr& e) {
  std::vector<Expr> children;
  ForEachChild(e, [&](const Expr& child) { children.push_back(child); });
  return children;
}

/// A call whose arguments or attributes are more than expressions is only equal to itself.
bool Comparable(const Expr& e) {
  const auto* call = e.as<ir::CallObj>();
  if (!call) return true;
  return call->attrs.empty() && Children(e).size() == call->args.size();
}

Purity CallPurity(const ir::CallObj* call) {
  const ir::Intrinsic* intrinsic = ir::FindIntrinsic(call->op);
  if (!intrinsic || intrinsic->effect == ir::Effect::kState) return Purity::kEffect;
  bool regions = false;
  for (const auto& arg : call->args) regions |= !arg.as<Expr>().has_value();
  bool memory = intrinsic->effect == ir::Effect::kRead || regions;
  return memory ? Purity::kMemory : Purity::kStable;
}

}  // namespace

bool SameExpr(const Expr& a, const Expr& b) {
  if (a.same_as(b)) return true;
  if (a->type_index() != b->type_index() || TypeKey(a.dtype()) != TypeKey(b.dtype())) return false;
  if (Payload(a) != Payload(b) || !Comparable(a) || !Comparable(b)) return false;
  const auto* binary = a.as<ir::BinaryObj>();
  if (binary) {
    const auto* other = b.as<ir::BinaryObj>();
    return SameExpr(binary->a, other->a) && SameExpr(binary->b, other->b);
  }
  const auto* call = a.as<ir::CallObj>();
  if (call && call->op != b.as<ir::CallObj>()->op) return false;
  std::vector<Expr> left = Children(a), right = Children(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), SameExpr);
}

size_t HashExpr(const Expr& e) {
  size_t hash = Mix(static_cast<size_t>(e->type_index()), TypeKey(e.dtype()));
  hash = Mix(hash, Payload(e));
  ForEachChild(e, [&](const Expr& child) { hash = Mix(hash, HashExpr(child)); });
  return hash;
}

Purity PurityOf(const Expr& e) {
  Purity purity = Purity::kStable;
  if (e.as<ir::LoadObj>()) purity = Purity::kMemory;
  if (const auto* call = e.as<ir::CallObj>()) purity = CallPurity(call);
  ForEachChild(e, [&](const Expr& child) { purity = std::max(purity, PurityOf(child)); });
  return purity;
}

}  // namespace tilescale::arith
