#ifndef TILESCALE_CC_PASS_CHECK_KERNEL_H_
#define TILESCALE_CC_PASS_CHECK_KERNEL_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Rejects kernels that have no meaning, or that no program of `context.target` can be; changes
/// nothing. Throws the user errors of the tile operators' verifiers, `DTypeNotOnTargetError`,
/// `LaunchNotOnTargetError`, `ThreadLevelOnCpuError`, `UnboundSymbolError` and `ParallelRaceError`.
///
/// Runs first in each pipeline, so that errors name what the user wrote.
ir::PrimFunc CheckKernel(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CHECK_KERNEL_H_
