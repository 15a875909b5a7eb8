#ifndef TILESCALE_CC_PASS_EXPAND_PIPELINES_H_
#define TILESCALE_CC_PASS_EXPAND_PIPELINES_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// scheduled -> tile: writes each pipeline out as a prologue and a loop over steps. With last stage
/// S, step n of the loop runs operators of stage s for iteration n + S - s, if there is one; the
/// prologue holds the S steps before. So it is right for any number of iterations, 0 included, and
/// the end needs no code of its own. Channels become rings, buffers with a leading dimension of
/// versions. Each step that may start asynchronous copies ends their group, also if it started
/// none: group g is always that of step g. Copies that may be asynchronous are marked `kAsyncCopy`.
///
/// Must run after `PlanSchedule`, whose plans it carries out, and before `LowerAsyncCopies`, which
/// lowers what it marks. Afterwards no `Pipeline` is left.
ir::PrimFunc ExpandPipelines(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_EXPAND_PIPELINES_H_
