#ifndef TILESCALE_CC_ARITH_BOUNDS_H_
#define TILESCALE_CC_ARITH_BOUNDS_H_

#include "cc/arith/prover.h"

namespace tilescale::arith {

/// Whether nothing in `e` wraps around, neither in its own type nor if it is computed in the
/// integer type `t` instead: then both give one value. Loads and calls keep their own types; their
/// results must fit.
bool FitsIn(const ir::Expr& e, ir::DType t, Analyzer* analyzer);

/// The narrowest of int32 and int64 in which `e` can be computed without overflow; nullopt if not
/// even int64 is proved.
std::optional<int> IndexWidth(const ir::Expr& e, Analyzer* analyzer);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_BOUNDS_H_
