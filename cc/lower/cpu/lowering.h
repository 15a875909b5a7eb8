#ifndef TILESCALE_CC_LOWER_CPU_LOWERING_H_
#define TILESCALE_CC_LOWER_CPU_LOWERING_H_

#include <functional>
#include <string>
#include <vector>

#include "cc/lower/cpu/context.h"
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

// ---- Helpers of the lowerings.

/// One loop variable for each extent, of the extent's type, named i, j, k, ...
std::vector<ir::Var> LoopVars(const std::vector<ir::Expr>& extents);
std::vector<ir::Expr> AsExprs(const std::vector<ir::Var>& vars);

/// The buffer indices of a point of the region; `point` has one coordinate for each dimension.
ffi::Array<ir::Expr> IndicesAt(const ir::Region& region, const std::vector<ir::Expr>& point);
/// The same; `point` has one coordinate for each dimension whose extent is not the constant 1.
ffi::Array<ir::Expr> SqueezedIndicesAt(const ir::Region& region,
                                       const std::vector<ir::Expr>& point);

/// `Parallel` over the box, or `body` itself if there is nothing to run over.
ir::Stmt ParallelOver(const std::vector<ir::Var>& vars, const std::vector<ir::Expr>& extents,
                      ir::Stmt body, const ir::Span& span);
/// A serial loop from 0.
ir::Stmt LoopOver(const ir::Var& var, const ir::Expr& extent, ir::Stmt body, const ir::Span& span);

/// A mutable scalar: scope var, shape ().
ir::Buffer ScalarVar(const std::string& name, ir::DType dtype);

}  // namespace tilescale::lower::cpu

#endif  // TILESCALE_CC_LOWER_CPU_LOWERING_H_
