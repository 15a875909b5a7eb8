#ifndef TILESCALE_CC_PASS_SERIALIZE_LOOPS_H_
#define TILESCALE_CC_PASS_SERIALIZE_LOOPS_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Throws `PipelineOrderError` unless `order` and `stage` of a pipelined loop fit its body.
void CheckPipelined(const ir::ForObj* loop);

/// Makes pipelined and vectorised loops serial: both are requests that never change results, and
/// on the CPU overlap and vectors are the business of the processor and of the C compiler. The
/// requests are validated all the same, so that a kernel accepted here is accepted on GPUs: throws
/// `PipelineOrderError` for bad `num_stages`, `order` or `stage`.
ir::PrimFunc SerializeLoops(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SERIALIZE_LOOPS_H_
