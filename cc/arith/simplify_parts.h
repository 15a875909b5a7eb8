#ifndef TILESCALE_CC_ARITH_SIMPLIFY_PARTS_H_
#define TILESCALE_CC_ARITH_SIMPLIFY_PARTS_H_

#include "cc/arith/prover.h"

namespace tilescale::arith {

// The steps of the simplifier that work on sums rather than on patterns. Each takes a node whose
// operands are simplified and returns its replacement, or nullopt to leave it.

/// +, -, * and << by a constant: terms collected, constants last, `x // c * c + x % c` joined.
std::optional<ir::Expr> SimplifySum(const ir::Expr& e, Analyzer* analyzer);
/// // and %: the multiples of the divisor leave the dividend.
std::optional<ir::Expr> SimplifyDivision(const ir::Expr& e, Analyzer* analyzer);
/// Comparisons: terms on both sides cancelled, common factors divided out, constants right.
std::optional<ir::Expr> SimplifyCompare(const ir::Expr& e, Analyzer* analyzer);
/// min and max where one side is known to be the smaller one; constants right.
std::optional<ir::Expr> SimplifyMinMax(const ir::Expr& e, Analyzer* analyzer);
/// Conversions of conversions.
std::optional<ir::Expr> SimplifyCast(const ir::Expr& e, Analyzer* analyzer);
/// Exact identities of floats: x * 1, x / 1, x - 0.
std::optional<ir::Expr> SimplifyFloat(const ir::Expr& e);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_SIMPLIFY_PARTS_H_
