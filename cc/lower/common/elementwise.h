#ifndef TILESCALE_CC_LOWER_COMMON_ELEMENTWISE_H_
#define TILESCALE_CC_LOWER_COMMON_ELEMENTWISE_H_

#include "cc/lower/common/context.h"
#include "cc/op/tile_op.h"

// Operators whose elements are independent: `Parallel` loops, the same on all targets.
namespace tilescale::lower {

ir::Stmt LowerAtomic(const ir::TileOp& op, const Context& context);
ir::Stmt LowerFill(const ir::TileOp& op, const Context& context);
ir::Stmt LowerTranspose(const ir::TileOp& op, const Context& context);
/// One iteration for each line along the scanned dimension.
ir::Stmt LowerScan(const ir::TileOp& op, const Context& context);

}  // namespace tilescale::lower

#endif  // TILESCALE_CC_LOWER_COMMON_ELEMENTWISE_H_
