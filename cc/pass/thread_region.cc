#include "cc/pass/thread_region.h"

#include <algorithm>
#include <bitset>
#include <map>

#include "cc/arith/evaluate.h"

namespace tilescale::pass {
namespace {

constexpr int64_t kWarpSize = lower::cuda::kWarpSize;
constexpr uint32_t kAllLanes = 0xffffffff;
// Warps whose lanes are not those of the others: a comparison for each is cheaper than a barrier.
constexpr size_t kMostOddWarps = 2;

bool IsElection(const ir::Expr& e) {
  const auto* call = e.as<ir::CallObj>();
  return call && call->op == "shuffle_elect";
}

}  // namespace

ThreadRegion::ThreadRegion(const Divergence& divergence, const lower::cuda::Context& context)
    : divergence_(&divergence), thread_(context.thread), comes_(context.threads, true) {}

ThreadRegion ThreadRegion::Where(const ir::Expr& cond) const {
  const auto* both = cond.as<ir::BinaryObj>();
  if (both && both->kind == ir::BinaryKind::kAnd) return Where(both->a).Where(both->b);
  ThreadRegion region = *this;
  if (IsElection(cond)) {
    region.lanes_known_ = region.warps_known_ = false;
    region.elected_ = true;
    return region;
  }
  arith::Point point;
  for (size_t i = 0; i < comes_.size(); ++i) {
    point[thread_] = static_cast<int64_t>(i);
    auto holds = arith::Evaluate(cond, point);
    if (!holds) return Within(divergence_->Of(cond));
    region.comes_[i] = comes_[i] && *holds != 0;
  }
  return region;
}

ThreadRegion ThreadRegion::Within(Agreement control) const {
  ThreadRegion region = *this;
  if (control != Agreement::kBlock) region.warps_known_ = false;
  if (control == Agreement::kThread) region.lanes_known_ = false;
  return region;
}

uint32_t ThreadRegion::LanesOf(int64_t warp) const {
  uint32_t lanes = 0;
  const int64_t first = warp * kWarpSize;
  for (int64_t i = 0; i < kWarpSize && first + i < static_cast<int64_t>(comes_.size()); ++i) {
    if (comes_[first + i]) lanes |= uint32_t{1} << i;
  }
  return lanes;
}

std::vector<int64_t> ThreadRegion::Warps() const {
  std::vector<int64_t> warps;
  for (int64_t warp = 0; warp * kWarpSize < static_cast<int64_t>(comes_.size()); ++warp) {
    if (LanesOf(warp) != 0) warps.push_back(warp);
  }
  return warps;
}

int64_t ThreadRegion::MostLanes() const {
  int64_t most = 0;
  for (int64_t warp : Warps()) {
    most = std::max<int64_t>(most, std::bitset<kWarpSize>(LanesOf(warp)).count());
  }
  return elected_ ? std::min<int64_t>(most, 1) : most;
}

std::optional<ffi::Array<ffi::Any>> ThreadRegion::WarpMask() const {
  if (!lanes_known_) return std::nullopt;
  std::map<uint32_t, std::vector<int64_t>> by_lanes;
  for (int64_t warp : Warps()) by_lanes[LanesOf(warp)].push_back(warp);
  if (by_lanes.empty()) return std::nullopt;
  auto fewer = [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); };
  const uint32_t usual = std::max_element(by_lanes.begin(), by_lanes.end(), fewer)->first;
  if (by_lanes.size() == 1 && usual == kAllLanes) return ffi::Array<ffi::Any>();
  const ir::DType type = ir::dtype::UInt(32);
  ir::Expr mask = ir::MakeInt(type, usual);
  size_t odd = 0;
  for (const auto& [lanes, warps] : by_lanes) {
    if (lanes == usual) continue;
    odd += warps.size();
    for (int64_t warp : warps) {
      ir::Expr own = ir::FloorDiv(thread_, ir::MakeInt(thread_.dtype(), kWarpSize));
      ir::Expr is = ir::Equal(own, ir::MakeInt(thread_.dtype(), warp));
      mask = ir::MakeSelect(is, ir::MakeInt(type, lanes), mask);
    }
  }
  if (odd > kMostOddWarps) return std::nullopt;
  return ffi::Array<ffi::Any>({mask});
}

std::optional<std::vector<int64_t>> ThreadRegion::WholeWarps() const {
  if (!lanes_known_ || !warps_known_) return std::nullopt;
  std::vector<int64_t> warps = Warps();
  for (int64_t warp : warps) {
    if (LanesOf(warp) != kAllLanes) return std::nullopt;
  }
  return warps;
}

}  // namespace tilescale::pass
