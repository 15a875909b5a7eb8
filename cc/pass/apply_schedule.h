#ifndef TILESCALE_CC_PASS_APPLY_SCHEDULE_H_
#define TILESCALE_CC_PASS_APPLY_SCHEDULE_H_

#include "cc/ir/function.h"
#include "cc/ir/schedule.h"

namespace tilescale::pass {

/// tile -> scheduled: each pipelined loop becomes a `Pipeline` as its plan says, and the schedule
/// is left in the attribute "schedule". Throws `ScheduleError` if the schedule is of another
/// kernel.
ir::PrimFunc ApplySchedule(const ir::PrimFunc& func, const ir::Schedule& schedule);

/// scheduled -> tile: the kernel without its schedule.
ir::PrimFunc EraseSchedule(const ir::PrimFunc& func);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_APPLY_SCHEDULE_H_
