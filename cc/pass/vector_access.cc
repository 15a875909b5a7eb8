// How many elements a thread can move at once.
#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/pass/exact.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

constexpr int64_t kMinVectorBits = 32;
constexpr int64_t kMaxVectorBits = 128;

struct Access {
  ir::Buffer buffer;
  ffi::Array<ir::Expr> indices;
};

bool IsVectorType(ir::DType t) { return t.lanes == 1 && t.bits >= 8 && !ir::dtype::IsHandle(t); }

// The accesses of a body that is one store; nothing if it does more.
std::optional<std::vector<Access>> AccessesOf(const ir::Stmt& body) {
  ir::Stmt inner = body;
  while (const auto* seq = inner.as<ir::SeqObj>()) {
    if (seq->stmts.size() != 1) return std::nullopt;
    inner = seq->stmts[0];
  }
  const auto* store = inner.as<ir::StoreObj>();
  if (!store) return std::nullopt;
  std::vector<Access> accesses = {{store->buffer, store->indices}};
  bool simple = true;
  ir::ForEachExpr(store->value, [&](const ir::Expr& e) {
    if (const auto* load = e.as<ir::LoadObj>()) accesses.push_back({load->buffer, load->indices});
    // A guarded load must not be made in advance.
    const auto* binary = e.as<ir::BinaryObj>();
    if (e.as<ir::SelectObj>() || (binary && ir::IsLogical(binary->kind))) simple = false;
  });
  return simple ? std::optional(accesses) : std::nullopt;
}

bool IsPrivate(const ir::Buffer& buffer) {
  return !buffer.IsScope(ir::scope::kGlobal) && !buffer.IsScope(ir::scope::kShared);
}

// Whether `vector` neighbours along `inner` are one aligned access inside the buffer.
bool IsVectorAccess(const Access& access, const ir::Var& inner, int64_t extent, int64_t vector,
                    arith::Analyzer* analyzer) {
  if (access.buffer.IsScope(ir::scope::kFragment)) return IsVectorType(access.buffer->dtype);
  bool moves = false;
  for (const ir::Expr& index : access.indices) moves = moves || Mentions(index, inner.get());
  if (!moves) return true;
  if (IsPrivate(access.buffer) || !IsVectorType(access.buffer->dtype)) return false;
  const int64_t bits = access.buffer->dtype.bits * vector;
  if (bits > kMaxVectorBits || bits < kMinVectorBits) return false;
  for (size_t i = 0; i + 1 < access.indices.size(); ++i) {
    if (Mentions(access.indices[i], inner.get())) return false;
  }
  auto linear = AsLinear(access.indices.back(), inner.get());
  std::vector<ir::Expr> strides = ExactStrides(access.buffer);
  if (!linear || linear->coefficient != 1 || !ir::IsConstInt(strides.back(), 1)) return false;
  for (size_t i = 0; i < access.indices.size(); ++i) {
    ir::Expr index = Exact64(access.indices[i]);
    ir::Expr limit = Exact64(access.buffer->shape[i]);
    if (!analyzer->CanProve(ir::MakeInt(index.dtype(), 0) <= index)) return false;
    if (!analyzer->CanProve(index < limit)) return false;
  }
  ir::Var block("block", inner.dtype());
  auto scope = analyzer->Enter();
  analyzer->BindLoop(block, ir::MakeInt(block.dtype(), 0),
                     ir::MakeInt(block.dtype(), extent / vector));
  ir::VarMap start = {{inner.get(), block * ir::MakeInt(block.dtype(), vector)}};
  ir::Expr offset = ir::MakeInt(ir::dtype::Int(64), 0);
  for (size_t i = 0; i < access.indices.size(); ++i) {
    offset = offset + Exact64(ir::Substitute(access.indices[i], start)) * strides[i];
  }
  return analyzer->ProveAlignment(offset, vector) == 0;
}

}  // namespace

int64_t MaxVector(const ir::ParallelObj* box, arith::Analyzer* analyzer) {
  const int64_t size = ConstSize(box->extents);
  auto accesses = AccessesOf(box->body);
  if (size <= 0 || !accesses) return 1;
  auto scope = analyzer->Enter();
  for (size_t i = 0; i < box->vars.size(); ++i) {
    const ir::Expr& extent = box->extents[i];
    analyzer->BindLoop(box->vars[i], ir::MakeInt(extent.dtype(), 0), extent);
  }
  const ir::Var& inner = box->vars.back();
  const int64_t extent = *ir::AsConstInt(box->extents.back());
  for (int64_t vector = 16; vector > 1; vector /= 2) {
    bool fits = extent % vector == 0;
    for (const Access& access : *accesses) {
      bool narrow = access.buffer->dtype.bits * vector <= kMaxVectorBits;
      fits = fits && narrow && IsVectorAccess(access, inner, extent, vector, analyzer);
    }
    if (fits) return vector;
  }
  return 1;
}

int64_t RegistersFor(int64_t elements, int64_t vector, int64_t threads) {
  const int64_t round = vector * threads;
  return (elements + round - 1) / round * vector;
}

int64_t ConstSize(const ffi::Array<ir::Expr>& extents) {
  int64_t size = 1;
  for (const ir::Expr& extent : extents) {
    const int64_t* value = ir::AsConstInt(extent);
    if (!value || *value < 0) return -1;
    size *= *value;
  }
  return size;
}

}  // namespace tilescale::pass
