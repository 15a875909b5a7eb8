#ifndef TILESCALE_CC_PASS_STORE_MATRICES_H_
#define TILESCALE_CC_PASS_STORE_MATRICES_H_

#include <optional>

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// The first architecture that has `stmatrix`.
inline constexpr int kStmatrixArch = 90;

/// Turns loops that store accumulators, or what is computed from them, as 16-bit elements into a
/// whole shared tile into `stmatrix`, which writes a row of 16 bytes for each lane (sm_90 and
/// newer). Must run after `LowerCudaTileOps`, which decides how loops run, and before `InsertSync`:
/// lanes write elements of others.
ir::PrimFunc StoreMatrices(const ir::PrimFunc& func, const lower::cuda::Context& context);

/// Whether `box` stores point (i, j) as element [..., i, j] of a whole shared tile, and does
/// nothing else; the tile.
std::optional<ir::Buffer> StoredTile(const ir::ParallelObj* box);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_STORE_MATRICES_H_
