#ifndef TILESCALE_CC_PASS_WIDEN_INDICES_H_
#define TILESCALE_CC_PASS_WIDEN_INDICES_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Computes loops and indices in 64 bits, so that tensors of 2^31 elements and more are reached.
/// Loop variables, and scalars bound to sums and products of them, become int64; where their
/// value is used otherwise it is converted back, so that user arithmetic keeps its type and its
/// wrap-around. 64-bit addresses cost nothing on 64-bit processors, and GPUs get 32-bit ones back
/// by `NarrowIndices`; a scalar whose definition divides stays in its own type unless it is proved
/// to fit.
///
/// Must run before `LegalizeMemory`, whose guards compare these indices.
ir::PrimFunc WidenIndices(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_WIDEN_INDICES_H_
