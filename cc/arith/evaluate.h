#ifndef TILESCALE_CC_ARITH_EVALUATE_H_
#define TILESCALE_CC_ARITH_EVALUATE_H_

#include <unordered_map>

#include "cc/arith/wide.h"

namespace tilescale::arith {

/// Values of the variables.
using Point = std::unordered_map<const ir::VarObj*, Wide>;

/// The value of a discrete expression at a point; nullopt where it has no meaning or depends on
/// more than variables.
std::optional<Wide> Evaluate(const ir::Expr& e, const Point& point);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_EVALUATE_H_
