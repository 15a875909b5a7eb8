#ifndef TILESCALE_CC_PASS_INSERT_SYNC_H_
#define TILESCALE_CC_PASS_INSERT_SYNC_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// The attribute of a function that holds what users should know about its barriers, as texts.
inline constexpr const char* kSyncNotes = "sync_notes";

/// Puts a barrier between two accesses to one shared or global buffer, or to two that share a
/// place, if one writes, different threads may touch one element, and nothing orders them on some
/// path: `sync_warp` where all such threads are of one warp, else a barrier of the block. Where an
/// access may meet an asynchronous copy in flight, threads wait for that first. Barriers of the
/// user's count.
///
/// Two accesses that both stand where only some threads come get a barrier of their warps, or a
/// numbered one of all the warps that come. If neither can stand there, `DivergentAccessError` is
/// thrown, or a text of `kSyncNotes` tells the user if it is not certain that they conflict.
///
/// Must run after `ShareMemory`, which makes buffers share a place, and before
/// `DistributeParallel`: `Parallel` loops still show which thread accesses what.
ir::PrimFunc InsertSync(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_INSERT_SYNC_H_
