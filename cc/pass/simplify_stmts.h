#ifndef TILESCALE_CC_PASS_SIMPLIFY_STMTS_H_
#define TILESCALE_CC_PASS_SIMPLIFY_STMTS_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Simplifies indices, loop bounds and conditions by what is known where they stand, and removes
/// branches never taken, loops never entered and effects of nothing. Changes no meaning; runs after
/// guards and layouts, whose conditions and offsets it simplifies.
ir::PrimFunc SimplifyStmts(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SIMPLIFY_STMTS_H_
