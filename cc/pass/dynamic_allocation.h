#ifndef TILESCALE_CC_PASS_DYNAMIC_ALLOCATION_H_
#define TILESCALE_CC_PASS_DYNAMIC_ALLOCATION_H_

#include "cc/ir/stmt.h"

namespace tilescale::pass {

/// Throws `DynamicAllocationError`: an extent of this memory on the chip is not constant.
[[noreturn]] void ThrowDynamicAllocation(const ir::AllocObj* alloc);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_DYNAMIC_ALLOCATION_H_
