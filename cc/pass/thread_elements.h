#ifndef TILESCALE_CC_PASS_THREAD_ELEMENTS_H_
#define TILESCALE_CC_PASS_THREAD_ELEMENTS_H_

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "cc/arith/prover.h"
#include "cc/ir/buffer.h"
#include "cc/ir/mutator.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// A name that has a value of its own at each access: for each thread, or each iteration that is
/// not told apart from others any more.
struct OwnName {
  ir::Var var;
  arith::Interval range;
};

/// The elements that one access of thread-level code touches, as functions of the number of the
/// thread. All other names in it that are not `own` are those of the block.
struct ThreadElements {
  /// As the access names it: a view, perhaps.
  const ir::BufferObj* buffer;
  /// By dimension, in exact 64-bit arithmetic; in the last one, the first of `count` neighbours.
  std::vector<ir::Expr> first;
  int64_t count = 1;
  /// The lanes of a warp access together what each of them names.
  bool by_warp = false;
  /// What holds for the threads that get here.
  std::vector<ir::Expr> conditions;
  std::vector<OwnName> own;

  /// Makes `var` one of `own` with what is known of it now, if it is mentioned.
  void Own(const ir::Var& var, arith::Analyzer* analyzer);
  /// Puts values for names that are not `own`.
  void Substitute(const ir::VarMap& map);
};

bool Same(const ThreadElements& a, const ThreadElements& b);

/// Which threads an access and a later one may be made by.
enum class Pairs {
  kAny,      // also by the same thread
  kThreads,  // by two threads
  kWarps,    // by threads of two warps
};

/// Answers whether two accesses of thread-level code may touch one element.
class ThreadMeetings {
 public:
  ThreadMeetings(ir::Var thread, int64_t threads, arith::Analyzer* analyzer);

  /// False only if no two threads of that kind touch the same element.
  bool MayMeet(const ThreadElements& a, const ThreadElements& b, Pairs pairs);

 private:
  // The thread, and the own names, of one of the two accesses.
  struct Side {
    ir::Var thread;
    std::map<const ir::VarObj*, ir::Var> names;
  };
  bool OneThreadPerElement(const ThreadElements& a, const ThreadElements& b) const;
  ir::VarMap Enter(const ThreadElements& access, Side* side);

  ir::Var thread_;
  int64_t threads_;
  arith::Analyzer* analyzer_;
  Side before_;
  Side now_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_THREAD_ELEMENTS_H_
