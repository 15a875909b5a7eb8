#ifndef TILESCALE_CC_PASS_LINEAR_H_
#define TILESCALE_CC_PASS_LINEAR_H_

#include <optional>

#include "cc/ir/expr.h"

namespace tilescale::pass {

/// `coefficient * var + rest`, where `rest` does not mention the variable.
struct Linear {
  int64_t coefficient;
  ir::Expr rest;
};

/// `e` as a linear function of `var` over unbounded integers: conversions to wider integers are
/// looked through. Nothing if it is not linear or the coefficient is not constant.
std::optional<Linear> AsLinear(const ir::Expr& e, const ir::VarObj* var);

/// Whether `e` mentions `var`.
bool Mentions(const ir::Expr& e, const ir::VarObj* var);

/// Whether `var` is the only thing that the value of `e` depends on.
bool IsOf(const ir::Expr& e, const ir::Var& var);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LINEAR_H_
