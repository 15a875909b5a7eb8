#ifndef TILESCALE_CC_PASS_BIND_THREADS_H_
#define TILESCALE_CC_PASS_BIND_THREADS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Binds `context.thread`, the number of this thread in its block, at the start of the grid's body,
/// and states its range.
///
/// Must run before `LowerPrivateOps` and `LowerThreadLevel`, which tell by it what single threads
/// do.
ir::PrimFunc BindThreads(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_BIND_THREADS_H_
