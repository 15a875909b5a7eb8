// Expressions that look up integers in a constant table.
#ifndef TILESCALE_CC_LAYOUT_TABLE_EXPR_H_
#define TILESCALE_CC_LAYOUT_TABLE_EXPR_H_

#include <cstdint>
#include <vector>

#include "cc/ir/expr.h"

namespace tilescale::layout {

// table[outer * inner_extent + inner], where `inner` counts below `inner_extent`, as arithmetic on
// digits if the table is affine in some, else as a chain of choices that unrolled code decides.
ir::Expr LookUp(const std::vector<int64_t>& table, int64_t inner_extent, const ir::Expr& outer,
                const ir::Expr& inner);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_TABLE_EXPR_H_
