// Integer expressions evaluated at all points of a box.
#ifndef TILESCALE_CC_LAYOUT_EXPR_TABLE_H_
#define TILESCALE_CC_LAYOUT_EXPR_TABLE_H_

#include <tvm/ffi/container/array.h>

#include <cstdint>
#include <vector>

#include "cc/ir/expr.h"

namespace tilescale::layout {

// values[k][i] is outputs[k] where `vars` take the coordinates of the flat index i in the box of
// `extents`, last variable fastest. Throws ValueError for anything but integer arithmetic, for
// other variables, and for a division by zero.
std::vector<std::vector<int64_t>> Tabulate(const tvm::ffi::Array<ir::Var>& vars,
                                           const std::vector<int64_t>& extents,
                                           const tvm::ffi::Array<ir::Expr>& outputs);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_EXPR_TABLE_H_
