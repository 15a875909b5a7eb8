#include "cc/lower/cuda/scan_block.h"

#include <optional>

#include "cc/ir/mutator.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lane_groups.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/op/reduce.h"

namespace tilescale::lower::cuda {
namespace {

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

class BlockScan {
 public:
  BlockScan(const op::ScanObj* scan, const ScanPlan& plan, const Context& context)
      : scan_(scan),
        plan_(plan),
        context_(context),
        reverse_(scan->reverse != context.Has(PlantedBug::kReversedScan)),
        type_(scan->dst->buffer->dtype),
        kind_(scan->kind == op::ScanKind::kSum ? op::ReduceKind::kSum : op::ReduceKind::kMax),
        layout_(plan.Layout()),
        tile_(std::string(scan->dst->buffer->name) + "_r", type_,
              {Int(layout_->shape[0]), Int(layout_->shape[1])}, {}, ir::scope::kFragment),
        values_(Local(scan->dst->buffer->name, plan.Values())),
        sum_(Local("sum", plan.rounds)),
        before_(Local("before", plan.rounds)),
        prefix_(Local("prefix", plan.rounds)),
        carry_(Local("carry", plan.rounds)),
        totals_("totals", type_, {Int(plan.teams), Int(plan.warps)}, {}, ir::scope::kShared) {}

  ir::Stmt Lower() const {
    ffi::Array<ir::Stmt> stmts = {ir::Alloc(tile_, std::nullopt, span()),
                                  ir::Annotate("layout", tile_, layout_, span()),
                                  ir::View(values_, tile_, span())};
    for (const ir::Buffer& b : {sum_, before_}) stmts.push_back(Declare(b));
    if (plan_.warps > 1) {
      for (const ir::Buffer& b : {prefix_, totals_}) stmts.push_back(Declare(b));
    }
    if (Carries()) stmts.push_back(Declare(carry_));
    stmts.push_back(Blocks(line_block_, plan_.LineBlocks(), OfLines()));
    return ir::Seq(stmts, span());
  }

 private:
  const ir::Span& span() const { return scan_->span; }
  ir::Buffer Local(const std::string& name, int64_t size) const {
    return ir::Buffer(name, type_, {Int(size)}, {}, ir::scope::kLocal);
  }
  ir::Stmt Declare(const ir::Buffer& b) const { return ir::Alloc(b, std::nullopt, span()); }
  bool Carries() const { return plan_.LengthBlocks() > 1; }
  ir::Expr Identity() const { return op::ReduceIdentity(kind_, type_); }
  ir::Expr Combine(const ir::Expr& first, const ir::Expr& second) const {
    return op::ReduceCombine(kind_, first, second);
  }

  ir::Stmt Blocks(const ir::Var& var, int64_t count, const ir::Stmt& body) const {
    if (count == 1) return ir::Substitute(body, {{var.get(), Int(0)}});
    return LoopOver(var, Int(count), body, span());
  }

  // Code that all threads run, each for itself, for each of its lines.
  ir::Stmt Threads(const ir::Stmt& each) const {
    ir::Stmt body = OfWholeGroups(ForEach(round_, plan_.rounds, each));
    return ir::For(ir::Var("once", ir::dtype::Int(32)), Int(0), Int(1), Int(1),
                   ir::ForKind::kSerial, body, {{kThreadLevel, true}}, span());
  }

  // Lanes of a last warp that is too small for a group exchange nothing.
  ir::Stmt OfWholeGroups(const ir::Stmt& body) const {
    const int64_t rest = context_.threads % kWarpSize;
    if (rest % plan_.lanes == 0) return body;
    return ir::If(context_.thread < Int(context_.threads - rest), body, std::nullopt, span());
  }

  ir::Stmt ForEach(const ir::Var& var, int64_t extent, const ir::Stmt& body) const {
    if (extent == 1) return ir::Substitute(body, {{var.get(), Int(0)}});
    return ir::For(var, Int(0), Int(extent), Int(1), ir::ForKind::kUnroll, body, {}, span());
  }

  ir::Expr Get(const ir::Buffer& b) const { return ir::Load(b, {round_}); }
  ir::Stmt Set(const ir::Buffer& b, const ir::Expr& to) const {
    return ir::Store(b, {round_}, to, span());
  }

  ir::Stmt OfLines() const {
    ffi::Array<ir::Stmt> stmts, block = {Move(true)};
    if (Carries()) stmts.push_back(Threads(Set(carry_, Identity())));
    ffi::Array<ir::Stmt> own = {OwnParts(), Exchange()};
    if (plan_.warps > 1) {
      own.push_back(WriteTotals());
      block.push_back(Threads(ir::Seq::Flatten(own)));
      block.push_back(Threads(OfActive(ir::Seq({ReadTotals(), Add()}, span()))));
    } else {
      if (Carries()) own.push_back(Carry());
      if (Carries() || plan_.lanes > 1) own.push_back(Add());
      block.push_back(Threads(ir::Seq::Flatten(own)));
    }
    block.push_back(Move(false));
    const int64_t count = plan_.LengthBlocks();
    ir::Stmt body = ir::Seq(block, span());
    if (reverse_) {
      body = ir::Substitute(body, {{length_block_.get(), Int(count - 1) - length_block_}});
    }
    stmts.push_back(Blocks(length_block_, count, body));
    return ir::Seq::Flatten(stmts);
  }

  // Between memory, or another fragment, and the registers: a loop like the user's.
  ir::Stmt Move(bool load) const {
    ir::Var i("i", ir::dtype::Int(32)), j("j", ir::dtype::Int(32));
    std::optional<ir::Expr> inside;
    const auto at = [&](const ir::Var& var, ir::Expr block, int64_t size, int64_t total) {
      if (size >= total) return ir::Expr(var);
      ir::Expr index = ir::Expr(block) * Int(size) + var;
      if (total % size != 0) inside = inside ? *inside && index < Int(total) : index < Int(total);
      return index;
    };
    ir::Expr line = at(i, line_block_, plan_.BlockLines(), plan_.lines);
    ir::Expr position = at(j, length_block_, plan_.BlockLength(), plan_.length);
    std::vector<ir::Expr> point = PointAt(line, position);
    const ir::Region& region = load ? scan_->src : scan_->dst;
    ffi::Array<ir::Expr> indices = IndicesAt(region, point);
    ir::Stmt move = load ? ir::Store(tile_, {i, j},
                                     ir::MakeCast(type_, ir::Load(region->buffer, indices)), span())
                         : ir::Store(region->buffer, indices, ir::Load(tile_, {i, j}), span());
    if (inside) {
      ffi::Optional<ir::Stmt> otherwise;
      if (load) otherwise = ir::Store(tile_, {i, j}, Identity(), span());
      move = ir::If(*inside, move, otherwise, span());
    }
    return ir::Parallel({i, j}, tile_->shape, move, {{"loop_layout", layout_}}, span());
  }

  // Coordinates of an element: the lines count in row-major order.
  std::vector<ir::Expr> PointAt(const ir::Expr& line, const ir::Expr& position) const {
    const ffi::Array<ir::Expr>& extents = scan_->src->extents;
    std::vector<ir::Expr> point(extents.size(), Int(0));
    int64_t left = plan_.lines;
    ir::Expr rest = line;
    for (size_t d = extents.size(); d-- > 0;) {
      if (static_cast<int64_t>(d) == scan_->dim) {
        point[d] = position;
        continue;
      }
      const int64_t extent = *ir::AsConstInt(extents[d]);
      if (extent == 1) continue;
      left /= extent;
      point[d] = left == 1 ? rest : ir::FloorMod(rest, Int(extent));
      rest = ir::FloorDiv(rest, Int(extent));
    }
    return point;
  }

  // The register of the round's element number `step` in the order of the scan.
  ir::Expr Register(const ir::Expr& step) const {
    ir::Expr place = reverse_ ? Int(plan_.part - 1) - step : step;
    return ir::Expr(round_) * Int(plan_.part) + place;
  }

  std::optional<ir::Expr> Active() const {
    if (plan_.Threads() == context_.threads) return std::nullopt;
    return context_.thread < Int(plan_.Threads());
  }

  ir::Stmt OfActive(const ir::Stmt& body) const {
    auto active = Active();
    return active ? ir::If(*active, body, std::nullopt, span()) : body;
  }

  std::optional<ir::Expr> Owns(const ir::Expr& value) const {
    std::optional<ir::Expr> owns = Active();
    ffi::Array<ir::Expr> point = layout::MapSlot(layout_, context_.thread, value);
    for (size_t d = 0; d < point.size(); ++d) {
      if (layout_->padded[d] == layout_->shape[d]) continue;
      ir::Expr inside = point[d] < Int(layout_->shape[d]);
      owns = owns ? *owns && inside : inside;
    }
    return owns;
  }

  ir::Stmt OwnParts() const {
    ir::Var step("step", ir::dtype::Int(32));
    ir::Expr element = ir::Load(values_, {Register(step)});
    if (auto owns = Owns(Register(step))) element = ir::MakeSelect(*owns, element, Identity());
    ir::Stmt add = ir::Seq({Set(sum_, Combine(Get(sum_), element)),
                            ir::Store(values_, {Register(step)}, Get(sum_), span())},
                           span());
    return ir::Seq({Set(sum_, Identity()), ForEach(step, plan_.part, add)}, span());
  }

  // The number of this thread in its warp's share of a line, in the order of the scan.
  ir::Expr Lane() const {
    ir::Expr lane = ir::FloorMod(context_.thread, Int(plan_.lanes));
    return reverse_ ? Int(plan_.lanes - 1) - lane : lane;
  }
  ir::Expr Warp() const {
    ir::Expr warp = ir::FloorMod(ir::FloorDiv(context_.thread, Int(kWarpSize)), Int(plan_.warps));
    return reverse_ ? Int(plan_.warps - 1) - warp : warp;
  }
  ir::Expr From(const char* forwards, const char* backwards, int64_t lanes) const {
    return ShuffleLanes(reverse_ ? backwards : forwards, Get(sum_), lanes, plan_.lanes, context_);
  }

  // The sums become those of all lanes up to this one; then what is before this one.
  ir::Stmt Exchange() const {
    if (plan_.lanes == 1) return Set(before_, Identity());
    ffi::Array<ir::Stmt> stmts;
    for (int64_t distance = 1; distance < plan_.lanes; distance *= 2) {
      ir::Var other("other", type_);
      stmts.push_back(ir::Bind(other, From("shfl_up", "shfl_down", distance), span()));
      stmts.push_back(ir::If(Int(distance) <= Lane(), Set(sum_, Combine(other, Get(sum_))),
                             std::nullopt, span()));
    }
    ir::Var other("other", type_);
    stmts.push_back(ir::Bind(other, From("shfl_up", "shfl_down", 1), span()));
    stmts.push_back(
        Set(before_, ir::MakeSelect(ir::Equal(Lane(), Int(0)), Identity(), ir::Expr(other))));
    return ir::Seq(stmts, span());
  }

  ir::Expr Total(const ir::Expr& warp) const {
    return ir::Load(totals_, {ir::FloorDiv(context_.thread, Int(plan_.Team())), warp});
  }

  ir::Stmt WriteTotals() const {
    ir::Expr last = ir::Equal(Lane(), Int(kWarpSize - 1));
    if (auto active = Active()) last = last && *active;
    ir::Expr team = ir::FloorDiv(context_.thread, Int(plan_.Team()));
    return ir::If(last, ir::Store(totals_, {team, Warp()}, Get(sum_), span()), std::nullopt,
                  span());
  }

  // What is before this warp. All read the totals in one order, so that all get the same carry.
  ir::Stmt ReadTotals() const {
    ir::Var n("n", ir::dtype::Int(32)), total("total", type_);
    ffi::Array<ir::Stmt> each = {
        ir::Bind(total, Total(n), span()),
        ir::If(ir::Expr(n) < Warp(), Set(prefix_, Combine(Get(prefix_), total)), std::nullopt,
               span())};
    if (Carries()) each.push_back(Set(carry_, Combine(Get(carry_), total)));
    return ir::Seq({Set(prefix_, Carries() ? Get(carry_) : Identity()),
                    ForEach(n, plan_.warps - (Carries() ? 0 : 1), ir::Seq(each, span())),
                    Set(before_, Combine(Get(prefix_), Get(before_)))},
                   span());
  }

  // What is before this block of the line, and before the next one.
  ir::Stmt Carry() const {
    ir::Expr total = Get(sum_);
    if (plan_.lanes > 1) {
      const int64_t last = reverse_ ? 0 : plan_.lanes - 1;
      total = ShuffleLanes("shfl_sync", total, last, plan_.lanes, context_);
    }
    return ir::Seq({Set(before_, Combine(Get(carry_), Get(before_))),
                    Set(carry_, Combine(Get(carry_), total))},
                   span());
  }

  ir::Stmt Add() const {
    ir::Var step("step", ir::dtype::Int(32));
    ir::Expr value = ir::Load(values_, {Register(step)});
    return ForEach(step, plan_.part,
                   ir::Store(values_, {Register(step)}, Combine(Get(before_), value), span()));
  }

  const op::ScanObj* scan_;
  const ScanPlan plan_;
  const Context& context_;
  const bool reverse_;
  const ir::DType type_;
  const op::ReduceKind kind_;
  const layout::Fragment layout_;
  const ir::Buffer tile_, values_, sum_, before_, prefix_, carry_, totals_;
  const ir::Var round_{"round", ir::dtype::Int(32)};
  const ir::Var line_block_{"line_block", ir::dtype::Int(32)};
  const ir::Var length_block_{"length_block", ir::dtype::Int(32)};
};

}  // namespace

ir::Stmt LowerScanBlocks(const op::ScanObj* scan, const ScanPlan& plan, const Context& context) {
  return BlockScan(scan, plan, context).Lower();
}

}  // namespace tilescale::lower::cuda
