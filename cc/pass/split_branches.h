#ifndef TILESCALE_CC_PASS_SPLIT_BRANCHES_H_
#define TILESCALE_CC_PASS_SPLIT_BRANCHES_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// tile -> tile: in the bodies of pipelined loops, a branch that loads tiles and computes becomes
/// several, each with the loads, or the rest, that follow each other, so that the schedule may give
/// them different stages. Each evaluates the condition anew; a branch in which the condition, or a
/// name that several parts use, depends on what the branch itself changes stays whole.
///
/// Must run before `PlanSchedule`, which counts operators.
ir::PrimFunc SplitBranches(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SPLIT_BRANCHES_H_
