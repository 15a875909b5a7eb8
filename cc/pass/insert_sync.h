#ifndef TILESCALE_CC_PASS_INSERT_SYNC_H_
#define TILESCALE_CC_PASS_INSERT_SYNC_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Puts a barrier of the block between two accesses to one shared or global buffer if one writes,
/// different threads may touch one element, and no barrier is between them on some path. Runs while
/// `Parallel` loops still show which thread accesses what.
ir::PrimFunc InsertSync(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_INSERT_SYNC_H_
