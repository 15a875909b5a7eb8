#ifndef TILESCALE_CC_PASS_THREAD_REGION_H_
#define TILESCALE_CC_PASS_THREAD_REGION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "cc/ir/expr.h"
#include "cc/lower/cuda/context.h"
#include "cc/pass/divergence.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// The threads of a block that come to one place in its program together, as far as is known.
class ThreadRegion {
 public:
  /// All of them.
  ThreadRegion(const Divergence& divergence, const lower::cuda::Context& context);

  /// Those for which a condition holds, in which names are resolved as far as can be.
  ThreadRegion Where(const ir::Expr& cond) const;
  /// Those that are in one round of a loop, or on one side of a branch, on which they agree so far.
  ThreadRegion Within(Agreement control) const;

  /// Whether no two threads of the block, or of a warp, or of two warps, can be among them.
  bool IsOneThread() const { return MostLanes() <= 1 && Warps().size() <= 1; }
  bool IsOneThreadPerWarp() const { return MostLanes() <= 1; }
  bool IsOneWarp() const { return Warps().size() <= 1; }

  /// The arguments of `sync_warp` at which those of each warp meet: none, or a mask of lanes. Not
  /// if the lanes are unknown, or no short expression of the warp tells them.
  std::optional<ffi::Array<ffi::Any>> WarpMask() const;
  /// The warps that all come as a whole, if it is known which ones do.
  std::optional<std::vector<int64_t>> WholeWarps() const;

 private:
  uint32_t LanesOf(int64_t warp) const;
  int64_t MostLanes() const;
  std::vector<int64_t> Warps() const;

  const Divergence* divergence_;
  ir::Var thread_;
  // By number: false if the thread certainly does not come.
  std::vector<bool> comes_;
  // Whether of each warp that comes all these threads do; and whether all these warps come.
  bool lanes_known_ = true;
  bool warps_known_ = true;
  // One lane of each warp comes, whichever.
  bool elected_ = false;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_THREAD_REGION_H_
