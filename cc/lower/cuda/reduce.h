// What the algorithms of `reduce` have in common.
#ifndef TILESCALE_CC_LOWER_CUDA_REDUCE_H_
#define TILESCALE_CC_LOWER_CUDA_REDUCE_H_

#include <optional>

#include "cc/lower/cuda/context.h"
#include "cc/op/reduce.h"

namespace tilescale::lower::cuda {

/// A partial result with one more element, which has the result's type.
ir::Expr CombineElement(const op::ReduceObj* reduce, const ir::Expr& acc, const ir::Expr& element);
/// Two partial results, which are no elements: sums of absolute values may have wrapped.
ir::Expr MergePartials(const op::ReduceObj* reduce, const ir::Expr& a, const ir::Expr& b);

/// `value`, of at most 64 bits, of the lane whose number differs from this one's in the bit
/// `distance`. All threads of the block must take part.
ir::Expr FromLane(const ir::Expr& value, int64_t distance, const Context& context);

/// Reduces a whole fragment in registers: each thread its own values, then lanes that share a
/// result by shuffles, then what warps have through shared memory. Nothing if the source is not
/// in registers, or its results follow no regular pattern of threads.
std::optional<ir::Stmt> LowerReduceInRegisters(const op::ReduceObj* reduce, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_REDUCE_H_
