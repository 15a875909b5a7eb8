#ifndef TILESCALE_CC_PASS_APPLY_SHARED_LAYOUTS_H_
#define TILESCALE_CC_PASS_APPLY_SHARED_LAYOUTS_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Puts the elements of shared buffers where the annotations "layout" say: an index becomes the
/// offset that the layout gives it. A layout of two dimensions applies to the last two of a buffer,
/// those in front of them number copies of the tile. Buffers that a view shows under another shape
/// stay as they are: what a view means is their row-major order.
///
/// Must run after `LegalizeMemory`, whose guards compare indices with extents, and after
/// `CombineNeighbours`, as neighbours no longer have neighbouring indices. Removes the annotations.
ir::PrimFunc ApplySharedLayouts(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_APPLY_SHARED_LAYOUTS_H_
