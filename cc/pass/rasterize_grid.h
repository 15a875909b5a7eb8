#ifndef TILESCALE_CC_PASS_RASTERIZE_GRID_H_
#define TILESCALE_CC_PASS_RASTERIZE_GRID_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Carries out `T.use_swizzle`: consecutive blocks walk panels of the grid's first two dimensions,
/// so that blocks that run together share cache lines. Each block gets other coordinates; the set
/// of all of them stays the grid.
///
/// Must run before passes that look at indices: coordinates of the block become values of their
/// own.
ir::PrimFunc RasterizeGrid(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_RASTERIZE_GRID_H_
