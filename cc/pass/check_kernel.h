#ifndef TILESCALE_CC_PASS_CHECK_KERNEL_H_
#define TILESCALE_CC_PASS_CHECK_KERNEL_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Rejects kernels that the CPU target cannot run or that have no meaning; changes nothing. Throws
/// the user errors of the tile operators' verifiers, `ThreadLevelOnCpuError`, `ParallelRaceError`
/// and `DTypeNotOnTargetError`.
ir::PrimFunc CheckKernel(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CHECK_KERNEL_H_
