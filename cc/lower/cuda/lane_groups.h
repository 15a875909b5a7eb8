// Neighbouring lanes that work on one line together.
#ifndef TILESCALE_CC_LOWER_CUDA_LANE_GROUPS_H_
#define TILESCALE_CC_LOWER_CUDA_LANE_GROUPS_H_

#include "cc/lower/cuda/context.h"

namespace tilescale::lower::cuda {

/// How many neighbouring lanes share each of `lines` lines of `length` elements: a power of two
/// that divides the block, so that no group is cut, and no more than there are elements.
int64_t LanesPerLine(int64_t lines, int64_t length, const Context& context);

/// What the shuffle `op` gives for `value`, of at most 64 bits: `distance` is its second argument,
/// groups of `width` lanes exchange among themselves. All threads of the block must take part.
ir::Expr ShuffleLanes(const char* op, const ir::Expr& value, const ir::Expr& distance,
                      int64_t width, const Context& context);
ir::Expr ShuffleLanes(const char* op, const ir::Expr& value, int64_t distance, int64_t width,
                      const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_LANE_GROUPS_H_
