// The symbolic half of Int.
#ifndef TILESCALE_CC_LAYOUT_INT_EXPR_H_
#define TILESCALE_CC_LAYOUT_INT_EXPR_H_

#include <optional>
#include <string>

#include "cc/ir/expr.h"
#include "cc/layout/int.h"

namespace tilescale::layout {

// Builds `a kind b`, one of which is an expression; a constant takes the other's type, or int64 if
// it does not fit.
Int MakeInt(ir::BinaryKind kind, const Int& a, const Int& b);
// Equal by their canonical forms.
bool SameExpr(const Int& a, const Int& b);
// a / b where b is visibly a factor of a (extents count as positive); nullopt otherwise.
std::optional<Int> ExactQuotient(const Int& a, const Int& b);
// Infix text: "M*128", "(N+127)//128".
std::string ExprText(const ir::Expr& expr);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_INT_EXPR_H_
