#ifndef TILESCALE_CC_PASS_CHECK_INSTRUCTIONS_H_
#define TILESCALE_CC_PASS_CHECK_INSTRUCTIONS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Throws `UnsupportedInstructionError` for single instructions of the user's (`T.ptx_mma` and the
/// like) that the architecture does not have, and `InstructionAlignmentError` for those with
/// addresses that are never aligned as they need it.
///
/// Part of `LowerThreadLevel`: must run before the compiler chooses instructions itself.
void CheckInstructions(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CHECK_INSTRUCTIONS_H_
