#ifndef TILESCALE_CC_ARITH_EVALUATE_H_
#define TILESCALE_CC_ARITH_EVALUATE_H_

#include "cc/arith/structure.h"
#include "cc/arith/wide.h"

namespace tilescale::arith {

/// Values of variables, and of other terms that cannot be computed from them (loads, calls).
using Point = ExprTable<Wide>;

/// Whether `e` has no value of its own to be computed from others: a variable, a load, ...
bool IsUnknown(const ir::Expr& e);
/// The value of a discrete expression at a point; nullopt where it has no meaning or depends on
/// more than the point tells.
std::optional<Wide> Evaluate(const ir::Expr& e, const Point& point);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_EVALUATE_H_
