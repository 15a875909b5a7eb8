#ifndef TILESCALE_CC_LOWER_CPU_LOWERING_H_
#define TILESCALE_CC_LOWER_CPU_LOWERING_H_

#include <functional>
#include <string>

#include "cc/lower/common/context.h"
#include "cc/lower/common/loops.h"
#include "cc/op/tile_op.h"

namespace tilescale::lower::cpu {

namespace ffi = tvm::ffi;

/// How one kind of tile operator becomes `Parallel` and `For` loops over single elements. Accesses
/// outside a buffer are left as they are: a later pass guards them.
using LowerFn = std::function<ir::Stmt(const ir::TileOp&, const Context&)>;

/// Registers the lowering of node type `type_key` at static-initialisation time.
bool RegisterLowering(const std::string& type_key, LowerFn lower);
/// Lowers one operator; an internal error if nothing is registered for its kind.
ir::Stmt LowerTileOp(const ir::TileOp& op, const Context& context);

}  // namespace tilescale::lower::cpu

#endif  // TILESCALE_CC_LOWER_CPU_LOWERING_H_
