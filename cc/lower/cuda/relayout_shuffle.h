// Copies of fragments whose elements stay inside their warps.
#ifndef TILESCALE_CC_LOWER_CUDA_RELAYOUT_SHUFFLE_H_
#define TILESCALE_CC_LOWER_CUDA_RELAYOUT_SHUFFLE_H_

#include "cc/ir/stmt.h"
#include "cc/layout/shuffle_plan.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::lower::cuda {

/// `to[...] = from[...]` for all elements, both in registers, by the shuffles of `plan`. `threads`
/// have the destination; the others do nothing.
ir::Stmt ShuffleCopy(const ir::Buffer& from, const ir::Buffer& to, const layout::ShufflePlan& plan,
                     int64_t threads, const ir::Span& span, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_RELAYOUT_SHUFFLE_H_
