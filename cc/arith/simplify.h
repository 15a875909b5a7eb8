#ifndef TILESCALE_CC_ARITH_SIMPLIFY_H_
#define TILESCALE_CC_ARITH_SIMPLIFY_H_

#include "cc/arith/prover.h"

namespace tilescale::arith {

/// An expression with the same value wherever the analyzer's facts hold, in a canonical form:
/// sums of products, constants to the right, divisions split by their known parts. Integers keep
/// their two's complement wrap-around; floats change by exact identities only. Effects stay: a call
/// that changes state is evaluated as often, and in the same order, as before.
ir::Expr Simplify(const ir::Expr& e, Analyzer* analyzer);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_SIMPLIFY_H_
