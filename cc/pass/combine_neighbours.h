#ifndef TILESCALE_CC_PASS_COMBINE_NEIGHBOURS_H_
#define TILESCALE_CC_PASS_COMBINE_NEIGHBOURS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Makes one access of consecutive statements of a thread that change neighbouring elements:
/// relaxed atomic additions become one addition to a vector where the architecture has it, stores
/// of elements of half a byte become plain stores of whole bytes.
///
/// Must run after `LegalizeMemory`, so that an element that may be missing stays a statement of its
/// own under its guard, and before `ApplySharedLayouts`, which hides who is whose neighbour.
ir::PrimFunc CombineNeighbours(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_COMBINE_NEIGHBOURS_H_
