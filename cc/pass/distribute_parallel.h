#ifndef TILESCALE_CC_PASS_DISTRIBUTE_PARALLEL_H_
#define TILESCALE_CC_PASS_DISTRIBUTE_PARALLEL_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// From the program of a block to the program of one thread: each thread runs its points of a
/// `Parallel` loop, dealt out in row-major order in blocks of the attribute "vector"; fragments
/// become arrays of registers; stores and effects outside such loops happen on the first thread.
/// All threads run everything else. After it no `Parallel` is left.
ir::PrimFunc DistributeParallel(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_DISTRIBUTE_PARALLEL_H_
