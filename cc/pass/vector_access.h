#ifndef TILESCALE_CC_PASS_VECTOR_ACCESS_H_
#define TILESCALE_CC_PASS_VECTOR_ACCESS_H_

#include <vector>

#include "cc/arith/prover.h"
#include "cc/ir/buffer.h"
#include "cc/ir/stmt.h"
#include "cc/lower/cuda/context.h"
#include "cc/lower/cuda/layout_demand.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

enum class AccessKind { kLoad, kStore, kAtomicAdd };

/// An access of memory in a loop's body that may be made for several iterations at once: loads
/// before all of them, others behind them.
struct VectorCandidate {
  ir::Buffer buffer;
  ffi::Array<ir::Expr> indices;
  AccessKind kind;
  /// Whether the body also accesses shared memory. A longer vector of global memory would be two of
  /// shared memory there, between which lanes leave banks unused.
  bool beside_shared = false;
};

/// The atomic addition that is all that `s` does: relaxed, and nobody asks for the old value. Null
/// for other statements.
const ir::CallObj* AsAtomicAdd(const ir::Stmt& s);

/// The statements of a body that does nothing but store, add atomically and name values; empty if
/// it does more.
std::vector<ir::Stmt> FlatStatements(const ir::Stmt& body);

/// What iterations along `inner` move, where no iteration sees another order of accesses than it
/// has: each kind of access once. Empty for bodies with control flow.
std::vector<VectorCandidate> VectorCandidates(const ir::Stmt& body, const ir::Var& inner);

/// Whether two elements share a byte, so that storing one alone reads and writes the other.
bool IsPacked(ir::DType t);

/// How many neighbours one instruction of the architecture can add to atomically in this buffer.
int64_t LongestAtomicAdd(const ir::Buffer& buffer, const lower::cuda::Context& context);

/// Whether the `vector` neighbours from these indices on, along the last dimension, lie together in
/// memory from a multiple of their size on. `layouts`, if given, may swizzle shared memory.
bool IsAlignedBlock(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& start, int64_t vector,
                    const lower::cuda::Layouts* layouts, const lower::cuda::Context& context);

/// How many consecutive elements, `most` or fewer, one access of 32 to 128 bits, of global memory
/// up to 256 where there are such instructions, of packed elements also 8 or 16, can move for
/// iterations along `inner`, whose blocks start at multiples: proved to be aligned, and to lie
/// inside the buffer or outside of it as a whole. `layouts`, if given, may swizzle shared memory.
/// The context's analyzer knows the loop's variables.
int64_t VectorOf(const VectorCandidate& access, const ir::Var& inner, int64_t extent, int64_t most,
                 const lower::cuda::Layouts* layouts, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_VECTOR_ACCESS_H_
