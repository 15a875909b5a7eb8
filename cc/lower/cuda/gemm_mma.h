#ifndef TILESCALE_CC_LOWER_CUDA_GEMM_MMA_H_
#define TILESCALE_CC_LOWER_CUDA_GEMM_MMA_H_

#include "cc/lower/cuda/gemm_plan.h"

namespace tilescale::lower::cuda {

/// The plan as code of one thread. Fragments that have the layouts of the plan are used in their
/// registers; operands and accumulators anywhere else are loaded and stored by the same maps.
ir::Stmt LowerToMma(const op::GemmObj* gemm, const MmaPlan& plan, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_GEMM_MMA_H_
