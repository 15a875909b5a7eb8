#ifndef TILESCALE_CC_LOWER_COMMON_LOOPS_H_
#define TILESCALE_CC_LOWER_COMMON_LOOPS_H_

#include <string>
#include <vector>

#include "cc/ir/buffer.h"
#include "cc/ir/stmt.h"

// What lowerings of all targets are made of.
namespace tilescale::lower {

namespace ffi = tvm::ffi;

/// One loop variable for each extent, of the extent's type, named i, j, k, ...
std::vector<ir::Var> LoopVars(const std::vector<ir::Expr>& extents);
std::vector<ir::Expr> AsExprs(const std::vector<ir::Var>& vars);

/// The buffer indices of a point of the region, whose coordinates are those of the last dimensions.
/// Dimensions in front that only one of the two has are of extent 1.
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

}  // namespace tilescale::lower

#endif  // TILESCALE_CC_LOWER_COMMON_LOOPS_H_
