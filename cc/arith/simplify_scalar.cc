// The smaller steps: min and max by known order, conversions, floats.
#include <cmath>

#include "cc/arith/simplify_parts.h"

namespace tilescale::arith {

using ir::BinaryKind;
using ir::Expr;

std::optional<Expr> SimplifyMinMax(const Expr& e, Analyzer* analyzer) {
  const auto* node = e.as<ir::BinaryObj>();
  Sum difference = analyzer->IdealSum(node->b) - analyzer->IdealSum(node->a);
  bool min = node->kind == BinaryKind::kMin;
  if (difference.valid()) {
    Interval range = analyzer->FactRange(difference);
    if (range.lo >= 0) return min ? node->a : node->b;
    if (range.hi <= 0) return min ? node->b : node->a;
  }
  if (ConstValue(node->a)) return Expr(ir::Binary(node->kind, node->b, node->a));
  return std::nullopt;
}

std::optional<Expr> SimplifyCast(const Expr& e, Analyzer* analyzer) {
  const auto* outer = e.as<ir::CastObj>();
  const auto* inner = outer->value.as<ir::CastObj>();
  if (!inner || !ir::dtype::IsIntegral(e.dtype())) return std::nullopt;
  ir::DType from = inner->value.dtype(), through = outer->value.dtype();
  if (!IsDiscrete(from) || !ir::dtype::IsIntegral(through) || !IsDiscrete(through)) {
    return std::nullopt;
  }
  bool keeps_low_bits = through.bits >= e.dtype().bits;
  bool keeps_value = analyzer->Know(inner->value).range.Within(Interval::Of(through));
  if (!keeps_low_bits && !keeps_value) return std::nullopt;
  return ir::MakeCast(e.dtype(), inner->value);
}

std::optional<Expr> SimplifyFloat(const Expr& e) {
  const auto* node = e.as<ir::BinaryObj>();
  const auto* right = node ? node->b.as<ir::FloatImmObj>() : nullptr;
  const auto* left = node ? node->a.as<ir::FloatImmObj>() : nullptr;
  if (!node) return std::nullopt;
  bool one_right = right && right->value == 1.0;
  if (node->kind == BinaryKind::kMul && one_right) return node->a;
  if (node->kind == BinaryKind::kMul && left && left->value == 1.0) return node->b;
  if (node->kind == BinaryKind::kDiv && one_right) return node->a;
  // x - (+0) is x, also for -0; x + 0 is not.
  bool zero_right = right && right->value == 0.0 && !std::signbit(right->value);
  if (node->kind == BinaryKind::kSub && zero_right) return node->a;
  return std::nullopt;
}

}  // namespace tilescale::arith
