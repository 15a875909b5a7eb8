#ifndef TILESCALE_CC_PASS_SERIALIZE_LOOPS_H_
#define TILESCALE_CC_PASS_SERIALIZE_LOOPS_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Throws `PipelineOrderError` unless `order` and `stage` of a pipelined loop fit its body.
void CheckPipelined(const ir::ForObj* loop);

/// Makes pipelined loops serial, and drops the attributes of serial loops that no later pass reads.
/// Overlap is a request that never changes results: on the CPU it is the business of the processor,
/// and the request is validated all the same (`CheckPipelined`), so that a kernel accepted here is
/// accepted on GPUs.
///
/// Must run on the CPU before `LowerTileOps`, as `order` and `stage` count tile operators, and on
/// CUDA after `ExpandPipelines`, which carries the requests out. Afterwards no loop is pipelined.
ir::PrimFunc SerializeLoops(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SERIALIZE_LOOPS_H_
