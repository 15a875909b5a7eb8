#include "cc/pass/linear.h"

#include "cc/ir/visitor.h"

namespace tilescale::pass {
namespace {

using K = ir::BinaryKind;

ir::Expr Zero(const ir::Expr& like) { return ir::MakeInt(like.dtype(), 0); }

std::optional<Linear> LinearBinary(const ir::BinaryObj* op, const ir::VarObj* var) {
  auto a = AsLinear(op->a, var);
  auto b = AsLinear(op->b, var);
  if (!a || !b) return std::nullopt;
  switch (op->kind) {
    case K::kAdd:
      return Linear{a->coefficient + b->coefficient, a->rest + b->rest};
    case K::kSub:
      return Linear{a->coefficient - b->coefficient, a->rest - b->rest};
    case K::kMul: {
      const int64_t* scale = ir::AsConstInt(op->b);
      if (scale && b->coefficient == 0) return Linear{a->coefficient * *scale, a->rest * op->b};
      scale = ir::AsConstInt(op->a);
      if (scale && a->coefficient == 0) return Linear{b->coefficient * *scale, op->a * b->rest};
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

bool Mentions(const ir::Expr& e, const ir::VarObj* var) {
  bool found = false;
  ir::ForEachExpr(e, [&](const ir::Expr& x) { found = found || x.get() == var; });
  return found;
}

std::optional<Linear> AsLinear(const ir::Expr& e, const ir::VarObj* var) {
  if (e.get() == var) return Linear{1, Zero(e)};
  if (!Mentions(e, var)) return Linear{0, e};
  if (!ir::dtype::IsInt(e.dtype())) return std::nullopt;
  if (const auto* binary = e.as<ir::BinaryObj>()) return LinearBinary(binary, var);
  const auto* cast = e.as<ir::CastObj>();
  bool widens =
      cast && ir::dtype::IsInt(cast->value.dtype()) && cast->value.dtype().bits <= cast->dtype.bits;
  if (!widens || cast->value.get() != var) return std::nullopt;
  return Linear{1, Zero(e)};
}

bool IsOf(const ir::Expr& e, const ir::Var& var) {
  bool only = true;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const bool other = x.as<ir::VarObj>() && !x.same_as(var);
    only = only && !other && !x.as<ir::LoadObj>() && !x.as<ir::CallObj>();
  });
  return only;
}

}  // namespace tilescale::pass
