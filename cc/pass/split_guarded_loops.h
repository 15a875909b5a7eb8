#ifndef TILESCALE_CC_PASS_SPLIT_GUARDED_LOOPS_H_
#define TILESCALE_CC_PASS_SPLIT_GUARDED_LOOPS_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Splits innermost loops at the points where their guards change, so that the main part runs
/// without checks and can use vectors, also when the tensor's edge cuts through the tile:
///
///   for j in [0, n): if (p && j < m) A; else B
///     =>  hi = p ? min(n, m) : 0;  for j in [0, hi): A;  for j in [hi, n): if (...) A; else B
///
/// Guards are comparisons of 64-bit integers, linear in the loop variable or independent of it.
ir::PrimFunc SplitGuardedLoops(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SPLIT_GUARDED_LOOPS_H_
