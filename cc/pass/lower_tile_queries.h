#ifndef TILESCALE_CC_PASS_LOWER_TILE_QUERIES_H_
#define TILESCALE_CC_PASS_LOWER_TILE_QUERIES_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Replaces the expressions that ask about a whole tile, `any_of` and `all_of`, by a scalar that a
/// loop in front of the statement computes. They have no effects, so it does no harm that the loop
/// runs although the expression might not have been evaluated.
///
/// On CUDA it must run before `InferLayouts`: its loops read fragments by single elements.
ir::PrimFunc LowerTileQueries(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_TILE_QUERIES_H_
