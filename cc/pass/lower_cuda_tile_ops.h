#ifndef TILESCALE_CC_PASS_LOWER_CUDA_TILE_OPS_H_
#define TILESCALE_CC_PASS_LOWER_CUDA_TILE_OPS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Turns the tile operators that are left (products, reductions, scans, ...) into code of single
/// threads that uses the layouts of its operands. Loops and fragments that operators are made of
/// get layouts here.
///
/// Must run after `InferLayouts`. Afterwards no tile operator is left.
ir::PrimFunc LowerCudaTileOps(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_CUDA_TILE_OPS_H_
