#ifndef TILESCALE_CC_PASS_LOWER_PRIVATE_OPS_H_
#define TILESCALE_CC_PASS_LOWER_PRIVATE_OPS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Replaces elementwise tile operators (copy, fill, ...) on arrays of which each thread has its own
/// by loops that each thread runs for itself: `T.clear(acc)` clears every thread's `acc`, and
/// `T.copy(A[t * 8 : t * 8 + 8], a)` loads what this thread asks for. They may thus stand under
/// conditions that differ between threads.
///
/// Must run after `BindThreads` and before `LowerThreadLevel`, which tells these loops from those
/// of the block.
ir::PrimFunc LowerPrivateOps(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_PRIVATE_OPS_H_
