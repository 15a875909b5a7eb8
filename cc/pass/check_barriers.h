#ifndef TILESCALE_CC_PASS_CHECK_BARRIERS_H_
#define TILESCALE_CC_PASS_CHECK_BARRIERS_H_

#include "cc/ir/function.h"
#include "cc/pass/divergence.h"

namespace tilescale::pass {

/// Throws `DivergentBarrierError` if a barrier or vote of the block, or of the grid, stands where
/// only some threads come, or one of whole warps where only some lanes come. Numbered barriers, at
/// which others may arrive elsewhere, and those with a mask of lanes are for just those places.
///
/// Part of `LowerThreadLevel`: questions for the thread are arithmetic already, which `divergence`
/// needs, and the kernel still has its branches as the user wrote them.
void CheckBarriers(const ir::Stmt& body, const Divergence& divergence);

/// Whether a call that orders a block does so for all threads: `sync_threads` may name a number of
/// them.
bool MeetsWholeBlock(const ir::CallObj* call, int64_t threads);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CHECK_BARRIERS_H_
