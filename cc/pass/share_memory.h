#ifndef TILESCALE_CC_PASS_SHARE_MEMORY_H_
#define TILESCALE_CC_PASS_SHARE_MEMORY_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Gives shared buffers that are never needed at the same time one place, if the kernel would not
/// fit otherwise: sharing costs a barrier between the last use of one buffer and the first of the
/// next; users may forbid it (`Context::reuse_shared`). The decision is in the function's attribute
/// `kSharedPlaces`.
///
/// Must run after the last pass that allocates shared memory, and before `InsertSync`, which sees
/// that the buffers of one place overlap.
ir::PrimFunc ShareMemory(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SHARE_MEMORY_H_
