#include "cc/arith/evaluate.h"

#include "cc/arith/interval.h"

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

std::optional<Wide> Bitwise(BinaryKind kind, Wide a, Wide b) {
  switch (kind) {
    case BinaryKind::kBitAnd:
      return a & b;
    case BinaryKind::kBitOr:
      return a | b;
    case BinaryKind::kBitXor:
      return a ^ b;
    default:
      return std::nullopt;
  }
}

std::optional<Wide> EvaluateBinary(const ir::BinaryObj* binary, const Point& point) {
  ir::DType t = binary->a.dtype();
  auto a = Evaluate(binary->a, point);
  if (!a || !IsDiscrete(t)) return std::nullopt;
  if (binary->kind == BinaryKind::kAnd && *a == 0) return 0;
  if (binary->kind == BinaryKind::kOr && *a != 0) return 1;
  auto b = Evaluate(binary->b, point);
  if (!b) return std::nullopt;
  if (auto bits = Bitwise(binary->kind, *a, *b)) return WrapTo(t, *bits);
  bool may_overflow = binary->kind == BinaryKind::kAdd || binary->kind == BinaryKind::kSub ||
                      binary->kind == BinaryKind::kMul;
  if (may_overflow) {
    Wide result = 0;
    if (binary->kind == BinaryKind::kAdd) result = *a + *b;
    if (binary->kind == BinaryKind::kSub) result = *a - *b;
    if (binary->kind == BinaryKind::kMul && __builtin_mul_overflow(*a, *b, &result)) {
      return std::nullopt;
    }
    return WrapTo(t, result);
  }
  // On points the intervals are exact, except that they say nothing where there is no meaning.
  Interval result = Apply(binary->kind, t, Interval::Point(*a), Interval::Point(*b));
  return result.IsPoint() ? std::optional<Wide>(result.lo) : std::nullopt;
}

}  // namespace

bool IsUnknown(const Expr& e) {
  if (const auto* binary = e.as<ir::BinaryObj>()) return !IsDiscrete(binary->a.dtype());
  if (const auto* cast = e.as<ir::CastObj>()) return !IsDiscrete(cast->value.dtype());
  return !e.as<ir::IntImmObj>() && !e.as<ir::NotObj>() && !e.as<ir::SelectObj>();
}

std::optional<Wide> Evaluate(const Expr& e, const Point& point) {
  if (auto value = ConstValue(e)) return value;
  if (IsUnknown(e)) {
    auto it = point.find(e);
    return it == point.end() ? std::nullopt : std::optional<Wide>(it->second);
  }
  if (const auto* binary = e.as<ir::BinaryObj>()) return EvaluateBinary(binary, point);
  if (const auto* negation = e.as<ir::NotObj>()) {
    auto a = Evaluate(negation->a, point);
    return a ? std::optional<Wide>(*a == 0) : std::nullopt;
  }
  if (const auto* cast = e.as<ir::CastObj>()) {
    auto value = Evaluate(cast->value, point);
    return value && IsDiscrete(e.dtype()) ? std::optional<Wide>(WrapTo(e.dtype(), *value))
                                          : std::nullopt;
  }
  if (const auto* select = e.as<ir::SelectObj>()) {
    auto cond = Evaluate(select->cond, point);
    if (!cond) return std::nullopt;
    return Evaluate(*cond != 0 ? select->a : select->b, point);
  }
  return std::nullopt;
}

}  // namespace tilescale::arith
