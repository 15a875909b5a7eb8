#ifndef TILESCALE_CC_PASS_VECTOR_ACCESS_H_
#define TILESCALE_CC_PASS_VECTOR_ACCESS_H_

#include <vector>

#include "cc/arith/prover.h"
#include "cc/ir/buffer.h"
#include "cc/ir/stmt.h"
#include "cc/lower/cuda/layout_demand.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// A load or store of memory in a loop's body that may be made for several iterations at once:
/// before all of them, or behind them.
struct VectorCandidate {
  ir::Buffer buffer;
  ffi::Array<ir::Expr> indices;
  bool write;
};

/// The statements of a body that does nothing but store and name values; empty if it does more.
std::vector<ir::Stmt> FlatStatements(const ir::Stmt& body);

/// What iterations along `inner` move, where no iteration sees another order of accesses than it
/// has: each kind of access once. Empty for bodies with control flow.
std::vector<VectorCandidate> VectorCandidates(const ir::Stmt& body, const ir::Var& inner);

/// How many consecutive elements, `most` or fewer, one access of 32 to 128 bits can move for
/// iterations along `inner`, whose blocks start at multiples: proved to be aligned and inside
/// the buffer. `layouts`, if given, may swizzle shared memory. `analyzer` knows the loop's
/// variables.
int64_t VectorOf(const VectorCandidate& access, const ir::Var& inner, int64_t extent, int64_t most,
                 const lower::cuda::Layouts* layouts, arith::Analyzer* analyzer);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_VECTOR_ACCESS_H_
