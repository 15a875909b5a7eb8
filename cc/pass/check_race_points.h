#ifndef TILESCALE_CC_PASS_CHECK_RACE_POINTS_H_
#define TILESCALE_CC_PASS_CHECK_RACE_POINTS_H_

#include "cc/ir/function.h"

namespace tilescale::pass {

/// Throws `ParallelRaceError` for a `Parallel` loop two of whose iterations touch one element, one
/// of them writing, as found by evaluating the indices of its first few hundred points. It finds
/// what `CheckRaces` does not, such as `B[i % 2] = ...` and `A[i + 1] = A[i]`, and is never wrong:
/// accesses that depend on memory, on sizes known at run time or on a condition are left out.
void CheckRacePoints(const ir::PrimFunc& func);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CHECK_RACE_POINTS_H_
