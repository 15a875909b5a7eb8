// Copies between parts of one buffer, which may share elements.
#ifndef TILESCALE_CC_LOWER_COMMON_COPY_OVERLAP_H_
#define TILESCALE_CC_LOWER_COMMON_COPY_OVERLAP_H_

#include <functional>
#include <string>

#include "cc/lower/common/context.h"
#include "cc/op/copy.h"

namespace tilescale::lower {

/// Whether the two sides are parts of one buffer that are neither the same nor provably apart.
bool MayOverlap(const op::CopyObj* copy, const Context& context);

/// All of the source is read before the destination is written: through a second buffer, in
/// `scope`. `lower_copy` lowers each of the two copies.
ir::Stmt CopyThroughBuffer(const op::CopyObj* copy, const std::string& scope,
                           const std::function<ir::Stmt(const ir::TileOp&)>& lower_copy);

}  // namespace tilescale::lower

#endif  // TILESCALE_CC_LOWER_COMMON_COPY_OVERLAP_H_
