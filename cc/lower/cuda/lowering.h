#ifndef TILESCALE_CC_LOWER_CUDA_LOWERING_H_
#define TILESCALE_CC_LOWER_CUDA_LOWERING_H_

#include <functional>
#include <optional>
#include <string>

#include "cc/lower/cuda/context.h"
#include "cc/op/tile_op.h"

namespace tilescale::lower::cuda {

namespace ffi = tvm::ffi;

/// A `For` with this attribute is code of single threads already: no pass distributes what is in
/// it, and threads agree on its extent.
inline constexpr const char* kThreadLevel = "thread_level";

/// How one kind of tile operator becomes code of a block: `Parallel` loops, which later passes
/// spread over the threads, or loops marked `kThreadLevel`. Accesses outside a buffer are left as
/// they are: a later pass guards them.
using LowerFn = std::function<ir::Stmt(const ir::TileOp&, const Context&)>;

/// Registers the lowering of node type `type_key` at static-initialisation time. It runs when the
/// layouts are decided (`Context::layouts`): for operators with demands, or with an algorithm of
/// their own for operands in registers.
bool RegisterLowering(const std::string& type_key, LowerFn lower);

/// How an operator becomes `Parallel` loops over its elements, before layouts are inferred, which
/// sees them like the user's own. Nothing for an operator that shall be lowered later.
using ElementwiseFn = std::function<std::optional<ir::Stmt>(const ir::TileOp&, const Context&)>;
bool RegisterElementwise(const std::string& type_key, ElementwiseFn lower);
/// Nothing if the operator is not elementwise.
std::optional<ir::Stmt> LowerElementwise(const ir::TileOp& op, const Context& context);

/// Lowers one operator. Throws `IntrinsicNotOnTargetError` if nothing is registered for its kind.
ir::Stmt LowerTileOp(const ir::TileOp& op, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_LOWERING_H_
