#ifndef TILESCALE_CC_PASS_LOWER_THREAD_LEVEL_H_
#define TILESCALE_CC_PASS_LOWER_THREAD_LEVEL_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Tells what the user wrote for single threads from what a block does together. Questions for the
/// thread become arithmetic on its number; statements whose operands differ between threads are
/// put into loops marked `kThreadLevel`, which every thread carries out for itself. Throws
/// `DivergentTileOpError` for a tile operator under a condition that differs between threads, and
/// what `CheckInstructions` and `CheckBarriers` throw.
///
/// Must run after `BindThreads` and `LowerPrivateOps`, and before `PlanSchedule`, which must not
/// move what single threads do.
ir::PrimFunc LowerThreadLevel(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_THREAD_LEVEL_H_
