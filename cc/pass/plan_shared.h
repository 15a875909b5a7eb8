#ifndef TILESCALE_CC_PASS_PLAN_SHARED_H_
#define TILESCALE_CC_PASS_PLAN_SHARED_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Gives each shared buffer a place in the block's dynamic shared memory (those of one number in
/// `kSharedPlaces` the same), one behind the other; whole tiles start at multiples of 1024 bytes,
/// for swizzles. The result is in the function's attributes: "shared_offsets" lists the place of
/// each allocation in bytes, in the order of the text (-1 for those that are not shared), and
/// "shared_bytes" is the sum. Throws `DynamicAllocationError` for extents that are not constant,
/// and `SharedMemoryLimitError` if a block of the architecture cannot have as much.
ir::PrimFunc PlanShared(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PLAN_SHARED_H_
