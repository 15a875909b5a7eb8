#ifndef TILESCALE_CC_PASS_VECTORIZE_LOOPS_H_
#define TILESCALE_CC_PASS_VECTORIZE_LOOPS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Makes the accesses of a thread's own `T.vectorized` loop for several iterations at once, through
/// arrays of registers, where they are proved to be aligned and inside the buffer. What is left of
/// such loops is run element by element.
///
/// Must run after `DistributeParallel`, when all code is that of one thread, and before
/// `WidenIndices`: accesses are compared as the user wrote them.
ir::PrimFunc VectorizeLoops(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_VECTORIZE_LOOPS_H_
