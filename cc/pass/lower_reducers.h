#ifndef TILESCALE_CC_PASS_LOWER_REDUCERS_H_
#define TILESCALE_CC_PASS_LOWER_REDUCERS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Gives each reducer a home. Where all its updates are in loops whose threads share its elements
/// in a regular pattern, each thread has partial results in registers, and only the end of the
/// epoch merges them: by shuffles, then through shared memory, in an order that is always the same.
/// Other reducers are in shared memory, and updates are atomic.
///
/// Must run after `InferLayouts`, which decides who runs which update, and before
/// `LowerCudaTileOps`, which gives the loops that this pass makes their layouts.
ir::PrimFunc LowerReducers(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_REDUCERS_H_
