#ifndef TILESCALE_CC_PASS_PLAN_SCRATCH_H_
#define TILESCALE_CC_PASS_PLAN_SCRATCH_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Alignment of on-chip buffers in the scratch arena, in bytes: one cache line, one widest vector.
inline constexpr int64_t kScratchAlignment = 64;
/// Local arrays up to this size live on the stack, where the C compiler can keep them in registers.
inline constexpr int64_t kMaxStackBytes = 256;

/// Gives each on-chip buffer a place in the scratch arena of a program; buffers whose lifetimes do
/// not overlap share memory. The result is in the function's attributes: "scratch_offsets" lists
/// the place of each allocation in bytes, in the order of the text, and "scratch_bytes" is the
/// arena's size. Scalars (scope var) and small local arrays have place -1: they live in C
/// variables. Throws `DynamicAllocationError` for extents that are not constant.
ir::PrimFunc PlanScratch(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PLAN_SCRATCH_H_
