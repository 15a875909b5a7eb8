#ifndef TILESCALE_CC_PASS_CHECK_RACES_H_
#define TILESCALE_CC_PASS_CHECK_RACES_H_

#include "cc/ir/function.h"

namespace tilescale::pass {

/// Throws `ParallelRaceError` for a plain store in a `Parallel` loop that provably hits one element
/// in several iterations: one of the loop's variables, with more than one value, appears neither in
/// the store's indices nor in a condition around it. Buffers declared inside the loop belong to one
/// iteration.
void CheckRaces(const ir::PrimFunc& func);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CHECK_RACES_H_
