#ifndef TILESCALE_CC_PASS_LOWER_THREAD_LEVEL_H_
#define TILESCALE_CC_PASS_LOWER_THREAD_LEVEL_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Tells what the user wrote for single threads from what a block does together. Questions for the
/// thread become arithmetic on its number; statements whose operands differ between threads are
/// put into loops marked `kThreadLevel`, which every thread carries out for itself. A tile operator
/// under a condition that differs between threads is an error.
///
/// Must run after threads are bound and before tile operators are lowered.
ir::PrimFunc LowerThreadLevel(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_THREAD_LEVEL_H_
