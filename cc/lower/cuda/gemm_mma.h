#ifndef TILESCALE_CC_LOWER_CUDA_GEMM_MMA_H_
#define TILESCALE_CC_LOWER_CUDA_GEMM_MMA_H_

#include "cc/lower/cuda/gemm_load.h"

namespace tilescale::lower::cuda {

/// The plan as code of one thread. Fragments that have the layouts of the plan are used in their
/// registers; operands and accumulators anywhere else are loaded and stored by the same maps.
ir::Stmt LowerToMma(const op::GemmObj* gemm, const MmaPlan& plan, const Context& context);

/// Elements of the fragment buffer's registers before those of the region's leading index, each of
/// which takes `slots`.
ir::Expr LeadingStart(const ir::Region& region, int64_t slots);

/// Thread-level code that binds `place` and runs `body` on the plan's warps; one loop, which other
/// passes take for one statement of the block.
ir::Stmt OfWarps(const MmaPlan& plan, const WarpPlace& place, const ir::Stmt& body,
                 const ir::Span& span, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_GEMM_MMA_H_
