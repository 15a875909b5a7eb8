#ifndef TILESCALE_CC_PASS_ASSUME_DIVISIBLE_H_
#define TILESCALE_CC_PASS_ASSUME_DIVISIBLE_H_

#include <vector>

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// What must be assumed of the function's symbols so that each row of a tensor in `checked_tensors`
/// starts at a multiple of 16 bytes from the first, and ends at one. Nothing for tensors whose rows
/// are no dynamic distance apart, and what `T.assume` says already is left out.
std::vector<lower::cuda::DivisibleSize> FindDivisibleSizes(const ir::PrimFunc& func,
                                                           const lower::cuda::Context& context);

/// Those of `context.divisible` whose tensors the lowered function accesses by vectors: the others
/// are not worth a variant of the kernel.
std::vector<lower::cuda::DivisibleSize> UsedDivisibleSizes(const ir::PrimFunc& lowered,
                                                           const lower::cuda::Context& context);

/// `sizes` with one entry for each symbol, its largest multiple.
std::vector<lower::cuda::DivisibleSize> OnePerSymbol(
    const std::vector<lower::cuda::DivisibleSize>& sizes);

/// States `context.divisible` at the start of the grid's body, as `T.assume` would.
///
/// Must run before anything asks how accesses are aligned.
ir::PrimFunc AssumeDivisible(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_ASSUME_DIVISIBLE_H_
