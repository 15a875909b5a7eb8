#ifndef TILESCALE_CC_PASS_INSERT_SYNC_H_
#define TILESCALE_CC_PASS_INSERT_SYNC_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Puts a barrier between two accesses to one shared or global buffer, or to two that share a
/// place, if one writes, different threads may touch one element, and nothing orders them on some
/// path: `sync_warp` where all such threads are of one warp, else a barrier of the block. Where an
/// access may meet an asynchronous copy in flight, threads wait for that first. Barriers stand only
/// where all threads come; those of the user's count.
///
/// Must run after `ShareMemory`, which makes buffers share a place, and before
/// `DistributeParallel`: `Parallel` loops still show which thread accesses what.
ir::PrimFunc InsertSync(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_INSERT_SYNC_H_
