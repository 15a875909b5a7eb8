#ifndef TILESCALE_CC_PASS_LOWER_ELEMENTWISE_H_
#define TILESCALE_CC_PASS_LOWER_ELEMENTWISE_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Replaces operators whose elements are independent (copy, fill, ...) by `Parallel` loops, so that
/// layout inference has one kind of statement to look at besides the operators with demands of
/// their own.
///
/// Must run after `LowerAsyncCopies`, which leaves the copies to this pass that no `cp.async` can
/// do, and before `InferLayouts`.
ir::PrimFunc LowerElementwise(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_ELEMENTWISE_H_
