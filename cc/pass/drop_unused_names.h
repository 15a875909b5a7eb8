#ifndef TILESCALE_CC_PASS_DROP_UNUSED_NAMES_H_
#define TILESCALE_CC_PASS_DROP_UNUSED_NAMES_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Removes bindings of pure values that nothing mentions, such as coordinates of a loop that only
/// fills. Must run after `SimplifyStmts`, which removes mentions.
ir::PrimFunc DropUnusedNames(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_DROP_UNUSED_NAMES_H_
