#ifndef TILESCALE_CC_PASS_SYNC_ACCESS_H_
#define TILESCALE_CC_PASS_SYNC_ACCESS_H_

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cc/arith/prover.h"
#include "cc/ir/function.h"
#include "cc/ir/mutator.h"
#include "cc/pass/divergence.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

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
};

bool Same(const SyncAccess& a, const SyncAccess& b);

/// Whether a barrier must be between the two.
bool Conflict(const SyncAccess& a, const SyncAccess& b, arith::Analyzer* analyzer);

/// The accesses since the last barrier.
using Pending = std::vector<SyncAccess>;
void Join(Pending* to, const Pending& from);

/// Finds what statements access, while `Parallel` loops still show which thread does what.
class SyncAccesses {
 public:
  SyncAccesses(const ir::PrimFunc& func, const Divergence& divergence);

  Pending OfExprs(const ffi::Array<ir::Expr>& exprs) const;
  Pending OfStmt(const ir::Stmt& s) const;
  /// What a wait makes the thread see, and others after the next barrier.
  Pending Completed(const ir::CallObj* wait) const;

  /// Names a value that all threads agree on, so that regions are compared in terms of it.
  void Bind(const ir::BindObj* bind);

  const ir::BufferObj* Root(const ir::BufferObj* buffer) const;
  int64_t PlaceOf(const ir::BufferObj* buffer) const;

 private:
  Pending Collect(const ffi::Any& root, const ir::ParallelObj* box, Who who) const;

  const Divergence& divergence_;
  std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> roots_;
  std::unordered_map<const ir::BufferObj*, int64_t> places_;
  ir::VarMap values_;
};

/// Replaces limits that mention any of the names: all of the dimension.
void Forget(Pending* pending, const std::unordered_set<const ffi::Object*>& names);

/// The names that a body declares.
std::unordered_set<const ffi::Object*> DeclaredIn(const ir::Stmt& body);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SYNC_ACCESS_H_
