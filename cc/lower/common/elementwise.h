#ifndef TILESCALE_CC_LOWER_COMMON_ELEMENTWISE_H_
#define TILESCALE_CC_LOWER_COMMON_ELEMENTWISE_H_

#include "cc/lower/common/context.h"
#include "cc/op/tile_op.h"

// Operators as `Parallel` loops, the same on all targets: of their elements, which are independent,
// or of lines of elements.
namespace tilescale::lower {

ir::Stmt LowerAtomic(const ir::TileOp& op, const Context& context);
ir::Stmt LowerFill(const ir::TileOp& op, const Context& context);
ir::Stmt LowerTranspose(const ir::TileOp& op, const Context& context);
/// One iteration for each line along the scanned dimension, which runs in order. CUDA has it where
/// lines are not shared by threads.
ir::Stmt LowerScan(const ir::TileOp& op, const Context& context);

}  // namespace tilescale::lower

#endif  // TILESCALE_CC_LOWER_COMMON_ELEMENTWISE_H_
