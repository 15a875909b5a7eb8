#ifndef TILESCALE_CC_PASS_DIVERGENCE_H_
#define TILESCALE_CC_PASS_DIVERGENCE_H_

#include <unordered_map>

#include "cc/ir/function.h"
#include "cc/ir/mutator.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// Which threads certainly agree on a value, or on whether and how often they run something. Each
/// is implied by the one before it: what is computed from several values is as far as the last of
/// theirs.
enum class Agreement {
  kBlock,   // all threads of the block
  kWarp,    // those of each warp
  kThread,  // none
};

/// How far the threads of a block agree about each name and branch of its program: the one analysis
/// of divergence, which every pass asks.
///
/// A name differs between threads if it is computed from the thread's number, from what each thread
/// got from a shuffle or a foreign function, or from private memory that was written with such a
/// value or where only some threads come. Elements of shared and global memory, and of fragments,
/// at an index on which threads agree are the same for all of them: there is a barrier between the
/// write and the read. What is computed from the number of the thread alone is tried for all
/// threads: `tx // 32` is one value for each warp, `tx < 128` is true for all of 128 threads.
///
/// The points of a `Parallel` loop are threads' already; its variables are not looked at.
class Divergence {
 public:
  Divergence(const ir::Stmt& body, const lower::cuda::Context& context);

  /// Of an expression, or of all in a list.
  Agreement Of(const ffi::Any& exprs) const;
  /// About whether, or how often, the body of a branch or a loop runs.
  Agreement OfControl(const ir::Stmt& s) const;

  bool IsDivergent(const ffi::Any& exprs) const { return Of(exprs) != Agreement::kBlock; }
  bool IsControlDivergent(const ir::Stmt& s) const { return OfControl(s) != Agreement::kBlock; }

 private:
  friend class DivergenceWalker;
  friend class AgreementFinder;

  /// Of an expression in which the number of the thread is the only variable.
  Agreement Try(const ir::Expr& e) const;

  ir::Var thread_;
  int64_t threads_;
  /// Variables, private buffers, and loops that some threads leave earlier than others.
  std::unordered_map<const ffi::Object*, Agreement> names_;
  /// Names for what is computed from the number of the thread alone.
  ir::VarMap values_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_DIVERGENCE_H_
