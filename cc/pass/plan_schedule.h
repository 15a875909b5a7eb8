#ifndef TILESCALE_CC_PASS_PLAN_SCHEDULE_H_
#define TILESCALE_CC_PASS_PLAN_SCHEDULE_H_

#include <optional>

#include "cc/ir/function.h"
#include "cc/ir/schedule.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Chooses a schedule: in each pipelined loop, loads to shared memory run `num_stages` - 1
/// iterations ahead of the operators that use them, or the operators run in the stages and the
/// order that the loop asks for; fewer iterations ahead if shared memory has no room. What the
/// dependences of the loop forbid stays in the last stage, with a note that says why. Changes
/// nothing in the kernel. With `wanted`, stages and positions are those of that schedule; throws
/// `ScheduleError` if it is of another kernel, or would change what the kernel computes.
ir::Schedule ChooseSchedule(const ir::PrimFunc& func, const lower::cuda::Context& context,
                            const std::optional<ir::Schedule>& wanted);

/// tile -> scheduled. Applies the user's schedule (`T.annotate_schedule`; in the function's
/// attribute "user_schedule") or the chosen one, which is left in the function's attribute
/// "schedule".
///
/// Must run after `LowerThreadLevel` and `SplitBranches`, which decide what an operator of a loop
/// is, and before any pass that makes several statements of one: schedules count operators.
ir::PrimFunc PlanSchedule(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PLAN_SCHEDULE_H_
