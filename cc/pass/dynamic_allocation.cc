#include "cc/pass/dynamic_allocation.h"

#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {

void ThrowDynamicAllocation(const ir::AllocObj* alloc) {
  support::UserError("DynamicAllocationError")
      .Message("`" + std::string(alloc->buffer->name) + "` has an extent that is not constant")
      .Expected("constant extents for on-chip buffers")
      .Got("an extent known only at run time")
      .Remedy("allocate the largest tile and use a part of it")
      .At(ir::ToLocation(alloc->span))
      .Throw();
}

}  // namespace tilescale::pass
