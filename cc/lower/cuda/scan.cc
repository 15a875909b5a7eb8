#include "cc/op/scan.h"

#include <optional>

#include "cc/lower/common/elementwise.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lane_groups.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/op/reduce.h"

namespace tilescale::lower::cuda {
namespace {

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

// The lines of a scan with constant extents.
struct Lines {
  int64_t count = 1;
  int64_t length = 0;
};

std::optional<Lines> LinesOf(const op::ScanObj* scan) {
  Lines lines;
  for (size_t d = 0; d < scan->src->extents.size(); ++d) {
    const int64_t* extent = ir::AsConstInt(scan->src->extents[d]);
    if (!extent) return std::nullopt;
    if (static_cast<int64_t>(d) == scan->dim) {
      lines.length = *extent;
    } else {
      lines.count *= *extent;
    }
  }
  return lines;
}

// Lanes may not read what others write: the source is the destination, or another buffer.
bool OwnElements(const op::ScanObj* scan) {
  if (!scan->src->buffer.same_as(scan->dst->buffer)) return true;
  for (size_t d = 0; d < scan->src->mins.size(); ++d) {
    const int64_t* from = ir::AsConstInt(scan->src->mins[d]);
    const int64_t* to = ir::AsConstInt(scan->dst->mins[d]);
    const bool equal = from && to && *from == *to;
    if (!equal && !scan->src->mins[d].same_as(scan->dst->mins[d])) return false;
  }
  return true;
}

// A group of lanes for each line: each lane combines a contiguous part, lanes exchange what their
// parts give, and each goes through its part again from what is before it.
class GroupScan {
 public:
  GroupScan(const op::ScanObj* scan, Lines lines, int64_t group, const Context& context)
      : scan_(scan),
        lines_(lines),
        group_(group),
        context_(context),
        type_(scan->dst->buffer->dtype),
        kind_(scan->kind == op::ScanKind::kSum ? op::ReduceKind::kSum : op::ReduceKind::kMax),
        acc_(ScalarVar("acc", type_)),
        lane_(ir::FloorMod(context.thread, Int(group))),
        part_((lines.length + group - 1) / group) {
    // Lanes whose parts lie an odd number of elements apart use different banks.
    const auto last = static_cast<int64_t>(scan->src->extents.size()) - 1;
    if (scan->dim == last && part_ > 1) part_ |= 1;
  }

  ir::Stmt Lower() const {
    const int64_t groups = context_.threads / group_;
    ir::Var round("round", ir::dtype::Int(32));
    ir::Expr number = round * Int(groups) + ir::FloorDiv(context_.thread, Int(group_));
    ffi::Array<ir::Stmt> stmts = {ir::Bind(line_, number, span()),
                                  ir::Alloc(acc_, Identity(), span()), Part(false)};
    for (int64_t distance = 1; distance < group_; distance *= 2) Exchange(distance, &stmts);
    PartsBefore(&stmts);
    stmts.push_back(Part(true));
    return ir::For(round, Int(0), Int((lines_.count + groups - 1) / groups), Int(1),
                   ir::ForKind::kSerial, ir::Seq(stmts, span()), {{kThreadLevel, true}}, span());
  }

 private:
  const ir::Span& span() const { return scan_->span; }
  ir::Expr Value() const { return ir::Load(acc_, {}); }
  ir::Expr Identity() const { return op::ReduceIdentity(kind_, type_); }
  ir::Stmt SetValue(const ir::Expr& to) const { return ir::Store(acc_, {}, to, span()); }

  // Adds this lane's part to the running value; `store`: the destination gets it on the way.
  ir::Stmt Part(bool store) const {
    ir::Var step("step", ir::dtype::Int(32)), at("at", ir::dtype::Int(32));
    const std::vector<ir::Expr> point = PointAt(at);
    const ir::Region& src = scan_->src;
    ir::Expr element = ir::MakeCast(type_, ir::Load(src->buffer, IndicesAt(src, point)));
    ffi::Array<ir::Stmt> stmts = {SetValue(op::ReduceCombine(kind_, Value(), element))};
    if (store) {
      const ir::Region& dst = scan_->dst;
      stmts.push_back(ir::Store(dst->buffer, IndicesAt(dst, point), Value(), span()));
    }
    ir::Stmt guarded = ir::If(line_ < Int(lines_.count) && at < Int(lines_.length),
                              ir::Seq(stmts, span()), std::nullopt, span());
    ir::Stmt body = ir::Seq({ir::Bind(at, lane_ * Int(part_) + step, span()), guarded}, span());
    return LoopOver(step, Int(part_), body, span());
  }

  // The element `at` of this group's line.
  std::vector<ir::Expr> PointAt(const ir::Expr& at) const {
    const bool reverse = scan_->reverse != context_.Has(PlantedBug::kReversedScan);
    std::vector<ir::Expr> point(scan_->src->extents.size(), at);
    ir::Expr rest = line_;
    for (size_t d = point.size(); d-- > 0;) {
      if (static_cast<int64_t>(d) == scan_->dim) {
        if (reverse) point[d] = Int(lines_.length - 1) - at;
        continue;
      }
      const ir::Expr extent = Int(*ir::AsConstInt(scan_->src->extents[d]));
      point[d] = ir::FloorMod(rest, extent);
      rest = ir::FloorDiv(rest, extent);
    }
    return point;
  }

  // The running value and that of the lane `distance` below.
  void Exchange(int64_t distance, ffi::Array<ir::Stmt>* stmts) const {
    ir::Var other("other", type_);
    stmts->push_back(
        ir::Bind(other, ShuffleLanes("shfl_up", Value(), distance, group_, context_), span()));
    stmts->push_back(ir::If(Int(distance) <= lane_,
                            SetValue(op::ReduceCombine(kind_, other, Value())), std::nullopt,
                            span()));
  }

  // The running value becomes that of all lanes below this one.
  void PartsBefore(ffi::Array<ir::Stmt>* stmts) const {
    ir::Var before("before", type_);
    stmts->push_back(
        ir::Bind(before, ShuffleLanes("shfl_up", Value(), 1, group_, context_), span()));
    stmts->push_back(
        SetValue(ir::MakeSelect(ir::Equal(lane_, Int(0)), Identity(), ir::Expr(before))));
  }

  const op::ScanObj* scan_;
  const Lines lines_;
  const int64_t group_;
  const Context& context_;
  const ir::DType type_;
  const op::ReduceKind kind_;
  const ir::Buffer acc_;
  const ir::Expr lane_;
  const ir::Var line_{"line", ir::dtype::Int(32)};
  int64_t part_;
};

ir::Stmt LowerScanToGroups(const ir::TileOp& op, const Context& context) {
  const auto* scan = op.as<op::ScanObj>();
  auto lines = LinesOf(scan);
  if (!lines || lines->count <= 0 || !OwnElements(scan)) return LowerScan(op, context);
  const int64_t group = LanesPerLine(lines->count, lines->length, context);
  return group == 1 ? LowerScan(op, context) : GroupScan(scan, *lines, group, context).Lower();
}

[[maybe_unused]] const bool kRegistered =
    RegisterLowering(op::ScanObj::_type_key, LowerScanToGroups);

}  // namespace
}  // namespace tilescale::lower::cuda
