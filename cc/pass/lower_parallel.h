#ifndef TILESCALE_CC_PASS_LOWER_PARALLEL_H_
#define TILESCALE_CC_PASS_LOWER_PARALLEL_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Replaces each `Parallel` by a nest of serial loops, the dimension in which most accesses are
/// contiguous innermost. The innermost loop carries the attribute "independent" if its iterations
/// may run at once: then the C compiler need not prove it to use vectors.
ir::PrimFunc LowerParallel(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_PARALLEL_H_
