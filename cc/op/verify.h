#ifndef TILESCALE_CC_OP_VERIFY_H_
#define TILESCALE_CC_OP_VERIFY_H_

#include <string>
#include <vector>

#include "cc/op/tile_op.h"
#include "cc/support/diagnostic.h"

// Checks and texts shared by the verifiers of tile operators.
namespace tilescale::op {

/// A user error of class `kind` that points at `op`.
support::UserError ErrorAt(const std::string& kind, const ir::TileOp& op);

/// "(128, n)": extents as the user would write them.
std::string ExtentsText(const std::vector<ir::Expr>& extents);
std::string ExtentsText(const ir::Region& region);

/// False only if the two extents are known to differ: both constant and unequal.
bool MayBeEqual(const ir::Expr& a, const ir::Expr& b);
bool MayBeEqual(const std::vector<ir::Expr>& a, const std::vector<ir::Expr>& b);

/// The extents as a vector.
std::vector<ir::Expr> Extents(const ir::Region& region);

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_VERIFY_H_
