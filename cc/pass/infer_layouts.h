#ifndef TILESCALE_CC_PASS_INFER_LAYOUTS_H_
#define TILESCALE_CC_PASS_INFER_LAYOUTS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Decides how each fragment is spread over the registers of the block's threads, which threads
/// carry out each `Parallel` loop, and how shared buffers lie where operators care: the mapped
/// stage. The decisions are data in the function: an annotation "layout" behind the allocation, the
/// attribute "loop_layout" of outermost `Parallel` loops, and the attribute "fragments" with the
/// reasons as text. It decides only what is not decided yet, so that it may run again for loops
/// that later passes have made.
///
/// Must run after `LowerElementwise` and `LowerTileQueries`, which make the loops and accesses that
/// demand layouts.
ir::PrimFunc InferLayouts(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_INFER_LAYOUTS_H_
