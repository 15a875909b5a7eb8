#ifndef TILESCALE_CC_PASS_REGION_SYNC_H_
#define TILESCALE_CC_PASS_REGION_SYNC_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cc/ir/function.h"
#include "cc/pass/pending_accesses.h"
#include "cc/pass/thread_region.h"

namespace tilescale::pass {

/// Orders accesses inside code that only some threads of a block execute, where no barrier of the
/// block can stand: by a barrier of the lanes of each warp that come, or of the warps that come.
///
/// Where neither can stand, either, two accesses of which it is certain that different threads
/// touch one element are the user's mistake, `DivergentAccessError`; what may be one becomes a
/// note.
class RegionSync {
 public:
  RegionSync(const ir::PrimFunc& func, const Divergence& divergence,
             const lower::cuda::Context& context, ThreadMeetings* threads);

  bool IsInside() const { return !places_.empty(); }
  /// The threads that are here.
  const ThreadRegion& Here() const { return places_.empty() ? all_ : places_.back().region; }
  /// Enters code of `region` below `branch`. What it calls may order accesses in ways of its own.
  void Enter(const ThreadRegion& region, const ir::Stmt& branch);
  void Leave() { places_.pop_back(); }

  /// Who of the threads that are here must meet between two accesses.
  Meeting Needed(const SyncAccess& a, const SyncAccess& b) const;
  /// The barrier before `now`, if one is needed; what it orders is no longer pending.
  ffi::Array<ir::Stmt> Between(const Pending& now, SyncState* state, const ir::Span& span);

  /// Finds what one side of a branch does to what the other accesses: other threads may be there at
  /// the same time, and no barrier can stand between two sides. What the kernel orders there itself
  /// is taken at its word.
  void CheckSides(const ir::Stmt& branch, const Pending& one, const Pending& other);

  /// What may need a barrier that cannot be put there, in order of the text.
  std::vector<std::string> Notes() const;

 private:
  struct Place {
    ThreadRegion region;
    ir::Stmt branch;
    // Flags and foreign functions may order what barriers do not.
    bool has_other_means;
  };
  struct Conflict {
    const SyncAccess* before;
    const SyncAccess* now;
    Meeting meeting;
  };

  std::optional<ThreadElements> Exact(const SyncAccess& access) const;
  bool IsCertain(const Conflict& conflict) const;
  void Reject(const Conflict& conflict);
  void Note(const Conflict& conflict);
  [[noreturn]] void Throw(const Conflict& conflict) const;
  [[noreturn]] void ThrowForSides(const Conflict& conflict) const;
  std::optional<ffi::Array<ffi::Any>> BlockBarrier();

  const lower::cuda::Context& context_;
  ThreadMeetings* threads_;
  ThreadRegion all_;
  std::vector<Place> places_;
  // The numbers of barriers that the user has left, and whose those are that were taken.
  std::vector<int64_t> free_;
  std::map<std::vector<int64_t>, int64_t> barriers_;
  std::set<std::pair<int64_t, std::string>> notes_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_REGION_SYNC_H_
