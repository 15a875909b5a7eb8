#ifndef TILESCALE_CC_PASS_CHECK_LOOP_LAYOUTS_H_
#define TILESCALE_CC_PASS_CHECK_LOOP_LAYOUTS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Refuses loop layouts of users (`T.Parallel(..., loop_layout=)`, `T.copy(..., loop_layout=)`)
/// that the threads of the kernel cannot carry out, which would otherwise be forgotten silently: of
/// another shape, on too many threads, no digits of the indices, or replicated in a loop that
/// changes memory by what it reads. Returns the function as it is. Must run after
/// `lower_elementwise`, which turns copies into loops, and before `infer_layouts` and
/// `lower_tile_ops`, whose own loop layouts need not fit this form.
ir::PrimFunc CheckLoopLayouts(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CHECK_LOOP_LAYOUTS_H_
