#include "cc/lower/cuda/scan_plan.h"

#include <algorithm>

#include "cc/lower/cuda/lane_groups.h"

namespace tilescale::lower::cuda {
namespace {

using tvm::ffi::Shape;

// Elements of a thread below which another warp costs more than it saves.
constexpr int64_t kMinPart = 4;
constexpr int64_t kVectorBytes = 16;

int64_t Ceil(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t PowerOfTwoFrom(int64_t n) {
  int64_t power = 1;
  while (power < n) power *= 2;
  return power;
}

void ChooseTeam(ScanPlan* plan, const Context& context) {
  const int64_t full = context.threads / kWarpSize;
  plan->warps = 1;
  if (plan->lines > full) {
    plan->lanes = LanesPerLine(plan->lines, plan->length, context);
  } else {
    plan->lanes = std::min(kWarpSize, PowerOfTwoFrom(plan->length));
    const int64_t useful = Ceil(plan->length, kWarpSize * kMinPart);
    plan->warps = std::max<int64_t>(1, std::min(full / plan->lines, useful));
  }
  plan->teams = std::min(context.threads / plan->Team(), plan->lines);
}

// Whole vectors if they suffice. Threads whose parts lie an odd number of elements apart use
// different banks.
int64_t ChoosePart(const ScanPlan& plan, const op::ScanObj* scan) {
  const int64_t part = Ceil(plan.length, plan.Team());
  const bool last = scan->dim + 1 == static_cast<int64_t>(scan->src->extents.size());
  if (plan.Team() == 1 || !last) return part;
  const int64_t vector = kVectorBytes * 8 / std::max(ir::dtype::Bits(scan->src->buffer->dtype), 8);
  return part <= vector ? PowerOfTwoFrom(part) : part | 1;
}

}  // namespace

layout::Fragment ScanPlan::Layout() const {
  const int64_t block = BlockLines();
  layout::Layout threads =
      layout::FromModes(std::vector<layout::StaticMode>{{Team(), part * block}, {teams, 1}});
  layout::Layout values =
      layout::FromModes(std::vector<layout::StaticMode>{{part, block}, {rounds, teams}});
  return layout::Fragment(Shape({std::min(lines, block), std::min(length, BlockLength())}),
                          layout::Concat({threads, values}), Shape({block, BlockLength()}));
}

std::optional<ScanPlan> PlanScan(const op::ScanObj* scan, const Context& context) {
  ScanPlan plan{1, 0, 1, 1, 1, 1, 1};
  for (size_t d = 0; d < scan->src->extents.size(); ++d) {
    const int64_t* extent = ir::AsConstInt(scan->src->extents[d]);
    if (!extent || *extent <= 0) return std::nullopt;
    (static_cast<int64_t>(d) == scan->dim ? plan.length : plan.lines) =
        *extent * (static_cast<int64_t>(d) == scan->dim ? 1 : plan.lines);
  }
  ChooseTeam(&plan, context);
  plan.part = ChoosePart(plan, scan);
  plan.rounds = Ceil(plan.lines, plan.teams);
  return plan;
}

int64_t ScanWords(const ScanPlan& plan, ir::DType type) {
  return plan.Values() * std::max<int64_t>(1, ir::dtype::Bits(type) / 32);
}

ScanPlan CutScan(ScanPlan plan, ir::DType type, int64_t words) {
  const int64_t values = words / std::max<int64_t>(1, ir::dtype::Bits(type) / 32);
  plan.part = std::min(plan.part, values - 1);
  plan.rounds = std::max<int64_t>(1, std::min(plan.rounds, values / plan.part));
  return plan;
}

}  // namespace tilescale::lower::cuda
