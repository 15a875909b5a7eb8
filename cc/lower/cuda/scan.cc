#include "cc/op/scan.h"

#include "cc/ir/spec.h"
#include "cc/layout/fragment_map.h"
#include "cc/lower/common/elementwise.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/lower/cuda/relayout.h"
#include "cc/lower/cuda/scan_block.h"

namespace tilescale::lower::cuda {
namespace {

// Registers of 32 bits that a block of a scan takes: between memories, and at most.
constexpr int64_t kBlockWords = 64;
constexpr int64_t kMaxWords = 192;
constexpr int64_t kVectorBits = 128;

bool IsWhole(const ir::Region& region) {
  for (size_t i = 0; i < region->mins.size(); ++i) {
    const int64_t* extent = ir::AsConstInt(region->extents[i]);
    const int64_t* size = ir::AsConstInt(region->buffer->shape[i]);
    if (!extent || !size || *extent != *size || !ir::IsConstInt(region->mins[i], 0)) return false;
  }
  return true;
}

ir::Region In(const ir::Buffer& buffer, const ir::Region& region) {
  return ir::Region(buffer, region->mins, region->extents);
}

// Fragments whose lines do not fit into the registers a second time go through shared memory.
ir::Stmt LowerStaged(const op::ScanObj* scan, const Context& context) {
  const ir::Span& span = scan->span;
  const ir::Buffer& src = scan->src->buffer;
  const ir::Buffer& dst = scan->dst->buffer;
  ffi::Array<ir::Stmt> stmts, behind;
  const auto staged = [&](const ir::Buffer& buffer) {
    const layout::Fragment* layout = context.layouts->FindFragment(buffer);
    if (!layout) return buffer;
    ir::Buffer memory(std::string(buffer->name) + "_s", buffer->dtype, buffer->shape, {},
                      ir::scope::kShared);
    stmts.push_back(ir::Alloc(memory, std::nullopt, span));
    stmts.push_back(CopyLoop(buffer, memory, *layout, span));
    return memory;
  };
  ir::Buffer from = staged(src);
  ir::Buffer to = src.same_as(dst) ? from : staged(dst);
  op::Scan moved(In(from, scan->src), In(to, scan->dst), scan->dim, scan->kind, scan->reverse,
                 scan->attrs, span);
  stmts.push_back(LowerTileOp(moved, context));
  if (!to.same_as(dst)) {
    stmts.push_back(CopyLoop(to, dst, *context.layouts->FindFragment(dst), span));
  }
  return ir::Seq(stmts, span);
}

ir::Stmt LowerScanToTeams(const ir::TileOp& op, const Context& context) {
  const auto* scan = op.as<op::ScanObj>();
  const ir::DType type = scan->dst->buffer->dtype;
  const bool registers = context.layouts->FindFragment(scan->src->buffer) ||
                         context.layouts->FindFragment(scan->dst->buffer);
  auto plan = PlanScan(scan, context);
  if (registers) {
    TILESCALE_CHECK(plan, "a fragment in registers has constant extents");
    const bool fits =
        ScanWords(*plan, type) <= kMaxWords && plan->lines * plan->length <= ir::kMaxMappedPoints;
    return fits ? LowerScanBlocks(scan, *plan, context) : LowerStaged(scan, context);
  }
  if (!plan || plan->Team() == 1) return LowerScan(op, context);
  return LowerScanBlocks(scan, CutScan(*plan, type, kBlockWords), context);
}

// The layout of a whole tile whose lines lie as in the plan; nothing if lines have several
// coordinates.
std::optional<layout::Fragment> ImageInTile(const op::ScanObj* scan, const ScanPlan& plan,
                                            const ir::Buffer& tile) {
  layout::PointMap map{{}, {plan.lines, plan.length}, {}, {}};
  int64_t line_dims = 0;
  for (size_t d = 0; d < tile->shape.size(); ++d) {
    map.shape.push_back(*ir::AsConstInt(tile->shape[d]));
    const bool scanned = static_cast<int64_t>(d) == scan->dim, unit = map.shape[d] == 1;
    line_dims += scanned || unit ? 0 : 1;
    map.indices.push_back({scanned ? 1 : unit ? -1 : 0, 0, std::nullopt});
  }
  return line_dims > 1 ? std::nullopt : layout::ImageOf(plan.Layout(), map);
}

// Fragments that are dealt out as the scan needs them, where that leaves vectors to those who fill
// them; others are converted.
std::vector<LayoutDemand> FollowScan(const ir::TileOp& op, const Layouts& known,
                                     const Context& context) {
  const auto* scan = op.as<op::ScanObj>();
  auto plan = PlanScan(scan, context);
  const bool last = scan->dim + 1 == static_cast<int64_t>(scan->src->extents.size());
  if (!plan || plan->Team() == 1 || !last) return {};
  if (plan->part * ir::dtype::Bits(scan->src->buffer->dtype) > kVectorBits) return {};
  std::vector<LayoutDemand> demands;
  for (const ir::Region& region : {scan->src, scan->dst}) {
    const ir::Buffer& buffer = region->buffer;
    if (!buffer.IsScope(ir::scope::kFragment) || known.FindFragment(buffer)) continue;
    if (!IsWhole(region)) continue;
    auto image = ImageInTile(scan, *plan, buffer);
    if (image) demands.push_back({buffer, image, {}, "the lines of T.scan", op->span});
  }
  return demands;
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterLowering(op::ScanObj::_type_key, LowerScanToTeams),
    RegisterLayoutFollow(op::ScanObj::_type_key, FollowScan),
};

}  // namespace
}  // namespace tilescale::lower::cuda
