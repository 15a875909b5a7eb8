#ifndef TILESCALE_CC_PASS_DISTRIBUTE_PARALLEL_H_
#define TILESCALE_CC_PASS_DISTRIBUTE_PARALLEL_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// From the program of a block to the program of one thread. Each thread runs the points of a
/// `Parallel` loop that the attribute "loop_layout" gives it; points of loops without one are dealt
/// out in row-major order, in vectors as long as the loop's accesses allow. Accesses of
/// neighbouring points become vectors where they are proved to be aligned. Fragments become arrays
/// of registers; stores and effects outside such loops happen on the first thread of the block, or
/// of the warp that the user names. All threads run everything else.
///
/// Must run after `InferLayouts`, which decides all this, and after `InsertSync`, which needs the
/// loops. Afterwards neither `Parallel` loops nor fragments are left.
ir::PrimFunc DistributeParallel(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_DISTRIBUTE_PARALLEL_H_
