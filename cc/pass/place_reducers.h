#ifndef TILESCALE_CC_PASS_PLACE_REDUCERS_H_
#define TILESCALE_CC_PASS_PLACE_REDUCERS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Moves the buffers of scope "reducer" into shared memory, where the threads of a block update
/// them atomically. Must run before tile operators are lowered.
ir::PrimFunc PlaceReducers(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PLACE_REDUCERS_H_
