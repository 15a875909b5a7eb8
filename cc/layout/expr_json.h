// Integer expressions over given variables as JSON, so that objects which hold them can be stored.
#ifndef TILESCALE_CC_LAYOUT_EXPR_JSON_H_
#define TILESCALE_CC_LAYOUT_EXPR_JSON_H_

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/shape.h>

#include "cc/ir/expr.h"

namespace tilescale::layout {

tvm::ffi::Array<tvm::ffi::Any> VarsToJson(const tvm::ffi::Array<ir::Var>& vars);
tvm::ffi::Array<ir::Var> VarsFromJson(const tvm::ffi::Any& data);

// A variable is ["var", its number], an int32 constant itself, any other node [name, operands...].
// Throws ValueError for anything but the integer arithmetic that Tabulate accepts.
tvm::ffi::Any ExprToJson(const ir::Expr& expr, const tvm::ffi::Array<ir::Var>& vars);
ir::Expr ExprFromJson(const tvm::ffi::Any& data, const tvm::ffi::Array<ir::Var>& vars);

tvm::ffi::Array<tvm::ffi::Any> ExprsToJson(const tvm::ffi::Array<ir::Expr>& exprs,
                                           const tvm::ffi::Array<ir::Var>& vars);
tvm::ffi::Array<ir::Expr> ExprsFromJson(const tvm::ffi::Any& data,
                                        const tvm::ffi::Array<ir::Var>& vars);

tvm::ffi::Array<tvm::ffi::Any> ShapeToJson(const tvm::ffi::Shape& shape);
tvm::ffi::Shape ShapeFromJson(const tvm::ffi::Any& data);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_EXPR_JSON_H_
