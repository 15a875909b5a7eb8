#ifndef TILESCALE_CC_PASS_LOWER_TILE_OPS_H_
#define TILESCALE_CC_PASS_LOWER_TILE_OPS_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Replaces each tile operator by the loops that `cc/lower/cpu` registers for it. After it no
/// tile operator is left; `Parallel` loops may be.
ir::PrimFunc LowerTileOps(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_TILE_OPS_H_
