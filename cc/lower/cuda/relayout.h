// Copies of whole fragments between layouts: what remains of `copy` once layouts are inferred.
#ifndef TILESCALE_CC_LOWER_CUDA_RELAYOUT_H_
#define TILESCALE_CC_LOWER_CUDA_RELAYOUT_H_

#include "cc/ir/stmt.h"
#include "cc/layout/fragment.h"

namespace tilescale::lower::cuda {

/// `to[...] = from[...]` for all elements, by the threads that own them in `owners`.
ir::Stmt CopyLoop(const ir::Buffer& from, const ir::Buffer& to, const layout::Fragment& owners,
                  const ir::Span& span);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_RELAYOUT_H_
