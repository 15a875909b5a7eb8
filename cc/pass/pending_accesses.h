#ifndef TILESCALE_CC_PASS_PENDING_ACCESSES_H_
#define TILESCALE_CC_PASS_PENDING_ACCESSES_H_

#include <optional>
#include <string>
#include <vector>

#include "cc/arith/prover.h"
#include "cc/ir/buffer.h"
#include "cc/ir/mutator.h"
#include "cc/ir/span.h"
#include "cc/pass/thread_elements.h"

namespace tilescale::pass {

/// Which threads carry an access out.
enum class Who {
  kAny,    // some threads, unknown which
  kFirst,  // the first thread alone
  kDealt,  // those to which a `Parallel` loop deals its points; see `SyncAccess::key`
};

/// The elements [low, high] of one dimension of a buffer, or all of it if `low` is not given. Names
/// in the limits are those of the block: all threads agree on them.
struct Span1 {
  std::optional<ir::Expr> low;
  std::optional<ir::Expr> high;
};

/// What one statement may do to a buffer that several threads see.
struct SyncAccess {
  const ir::BufferObj* buffer;
  /// The buffer's place in shared memory; buffers of one place overlap. -1: its own.
  int64_t place = -1;
  bool write = false;
  bool atomic = false;
  /// When a write arrives: as the statement says; some time before the thread waits for its group;
  /// or so, and the wait says what it completes, and nothing touches it before (pipelines).
  enum class Arrival { kNow, kBeforeWait, kWithWait };
  Arrival arrival = Arrival::kNow;
  Who who = Who::kAny;
  /// kDealt: which point of the loop accesses which element; equal keys mean equal threads for
  /// equal elements. The map is one to one.
  std::string key;
  /// By dimension; empty: any element.
  std::vector<Span1> where;
  /// Of thread-level code: which elements each thread touches, if that is known.
  std::optional<ThreadElements> by_thread;
  /// Whether each warp has met since.
  bool warps_met = false;
  /// What holds of the present values of names if it may still matter.
  std::vector<ir::Expr> when;
  /// Where the user wrote it.
  ir::Span span;
  /// Whether more than the numbers of threads decides who comes to the code around it.
  bool guarded = false;
  /// Whether those that come here may have missed it.
  bool doubtful = false;
  /// kBeforeWait: the groups of copies that every thread has certainly ended since.
  int64_t groups = 0;
};

bool Same(const SyncAccess& a, const SyncAccess& b);

/// Who must meet between two accesses.
enum class Meeting { kNobody, kWarp, kBlock };
Meeting Needed(const SyncAccess& a, const SyncAccess& b, ThreadMeetings* threads,
               arith::Analyzer* analyzer);
/// Whether a copy in flight may still be on its way to, or from, what `now` touches. Threads do not
/// matter: a copy is not ordered before its own thread either.
bool Overtakes(const SyncAccess& now, const SyncAccess& flying, ThreadMeetings* threads,
               arith::Analyzer* analyzer);

/// The accesses since the last barrier.
using Pending = std::vector<SyncAccess>;
void Join(Pending* to, const Pending& from);

/// What may have happened before a point.
struct SyncState {
  /// Accesses that no barrier has ended yet.
  Pending pending;
  /// Copies for which no thread has waited yet.
  Pending flying;

  void Merge(const SyncState& other);
  void Add(const Pending& now);
  /// All copies but those of the latest groups have arrived, each for the thread that made it.
  void Land(int64_t groups);
  /// Every thread ends a group of copies. No more than `most` are counted.
  void EndGroup(int64_t most);
  void MeetInWarps();
};

/// Names whose present values end. What the analyzer knows of them is kept for `by_thread`.
using Names = std::vector<ir::Var>;
/// Doubts what is not among `known`: it happens on one of several ways here.
void Doubt(Pending* pending, const Pending& known);
/// Replaces limits that mention any of the names: all of the dimension.
void Forget(Pending* pending, const Names& names, arith::Analyzer* analyzer);
/// Drops what is known of the names' present values, which end.
void ForgetWhen(Pending* pending, const Names& names);
/// Adds what is known of a name to the accesses that touch elements depending on it.
void KnowWhen(Pending* pending, const ir::Var& name, const ir::Expr& fact);
/// Puts the values into the limits.
void Substitute(Pending* pending, const ir::VarMap& values);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PENDING_ACCESSES_H_
