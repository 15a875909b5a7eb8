#include <algorithm>

#include "cc/layout/fragment_map.h"
#include "cc/layout/table_expr.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/lower/cuda/reduce.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

using layout::Fragment;
using layout::ReplicaDigit;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

bool IsWhole(const ir::Region& region) {
  for (size_t i = 0; i < region->mins.size(); ++i) {
    const int64_t* extent = ir::AsConstInt(region->extents[i]);
    const int64_t* size = ir::AsConstInt(region->buffer->shape[i]);
    if (!extent || !size || *extent != *size || !ir::IsConstInt(region->mins[i], 0)) return false;
  }
  return true;
}

// Which result an element takes part in; results have the source's dimensions without `dim`.
layout::PointMap ResultMap(const op::ReduceObj* reduce) {
  layout::PointMap map;
  for (const ir::Expr& extent : reduce->src->buffer->shape) {
    map.box.push_back(*ir::AsConstInt(extent));
  }
  for (size_t d = 0; d < map.box.size(); ++d) {
    if (static_cast<int64_t>(d) == reduce->dim) continue;
    map.indices.push_back({static_cast<int64_t>(d), 0, std::nullopt});
    map.shape.push_back(map.box[d]);
  }
  if (map.shape.empty()) {
    map.indices.push_back({-1, 0, std::nullopt});
    map.shape.push_back(1);
  }
  return map;
}

// The layout of the results in which every thread has those of its own elements.
std::optional<Fragment> ResultLayout(const op::ReduceObj* reduce, const Fragment& source) {
  if (!source->thread_value.has_value()) return std::nullopt;
  auto result = layout::ImageOf(source, ResultMap(reduce));
  if (!result || !(*result)->thread_value.has_value()) return std::nullopt;
  return layout::HasFirstOwners(*result) ? result : std::nullopt;
}

// Threads that share a result but no element: their partial results are to be merged.
std::vector<ReplicaDigit> SharedDigits(const Fragment& source, const Fragment& result) {
  std::vector<ReplicaDigit> digits;
  const std::vector<ReplicaDigit> copies = layout::ReplicaDigits(source);
  for (const ReplicaDigit& digit : layout::ReplicaDigits(result)) {
    int64_t place = digit.place;
    const int64_t end = digit.place * digit.extent;
    for (const ReplicaDigit& copy : copies) {
      if (copy.place < place || copy.place >= end) continue;
      if (copy.place > place) digits.push_back({place, copy.place / place});
      place = copy.place * copy.extent;
    }
    if (place < end) digits.push_back({place, end / place});
  }
  return digits;
}

class RegisterReducer {
 public:
  RegisterReducer(const op::ReduceObj* reduce, const Fragment& source, const Fragment& result,
                  const Context& context)
      : reduce_(reduce),
        source_(source),
        result_(result),
        context_(context),
        type_(reduce->dst->buffer->dtype),
        partial_(reduce->dst->buffer->name, type_, {Int(result->num_values)}, {},
                 ir::scope::kLocal) {
    for (const ReplicaDigit& digit : SharedDigits(source, result)) AddDigit(digit);
  }

  ir::Stmt Lower() {
    ffi::Array<ir::Expr> shape;
    for (int64_t extent : result_->shape) shape.push_back(Int(extent));
    ir::Buffer results(std::string(reduce_->dst->buffer->name) + "_r", type_, shape, {},
                       ir::scope::kFragment);
    ffi::Array<ir::Stmt> stmts = {
        ir::Alloc(results, std::nullopt, span()), ir::Annotate("layout", results, result_, span()),
        ir::View(partial_, results, span()), Threads({Start(), Accumulate(), Exchange()})};
    if (!across_.empty()) MergeAcross(&stmts);
    stmts.push_back(Finish(results));
    return ir::Seq(stmts, span());
  }

 private:
  const ir::Span& span() const { return reduce_->span; }

  // Lanes exchange by shuffles where the bits of their numbers tell them apart and all lanes exist.
  void AddDigit(const ReplicaDigit& digit) {
    const auto is_power = [](int64_t n) { return (n & (n - 1)) == 0; };
    const int64_t end = digit.place * digit.extent;
    if (digit.place < kWarpSize && end > kWarpSize && end % kWarpSize == 0 &&
        kWarpSize % digit.place == 0) {
      AddDigit({digit.place, kWarpSize / digit.place});
      const int64_t forgotten = context_.Has(PlantedBug::kReduceForgetsWarp) ? 1 : 0;
      across_.push_back({kWarpSize, end / kWarpSize - forgotten});
      return;
    }
    const int64_t rest = context_.threads % kWarpSize;
    const bool shuffles = end <= kWarpSize && is_power(digit.place) && is_power(digit.extent) &&
                          rest % end == 0 && ir::dtype::Bits(type_) <= 32;
    (shuffles ? lanes_ : across_).push_back(digit);
  }

  // Code that all threads run, each for itself.
  ir::Stmt Threads(const ffi::Array<ir::Stmt>& stmts) const {
    return ir::For(ir::Var("once", ir::dtype::Int(32)), Int(0), Int(1), Int(1),
                   ir::ForKind::kSerial, ir::Seq(stmts, span()), {{kThreadLevel, true}}, span());
  }

  ir::Stmt ForEach(const ir::Var& var, int64_t extent, const ir::Stmt& body) const {
    return ir::For(var, Int(0), Int(extent), Int(1), ir::ForKind::kUnroll, body, {}, span());
  }

  ir::Expr Partial(const ir::Expr& value) const { return ir::Load(partial_, {value}); }
  ir::Stmt SetPartial(const ir::Expr& value, const ir::Expr& to) const {
    return ir::Store(partial_, {value}, to, span());
  }

  ir::Stmt Start() const {
    ir::Var p("p", ir::dtype::Int(32));
    ir::Expr identity = op::ReduceIdentity(reduce_->kind, type_);
    return ForEach(p, result_->num_values, SetPartial(p, identity));
  }

  // Whether a thread owns an element of `fragment` in its register `value`.
  std::optional<ir::Expr> Owns(const Fragment& fragment, const ir::Expr& value) const {
    std::optional<ir::Expr> owns;
    auto add = [&](const ir::Expr& cond) { owns = owns ? *owns && cond : cond; };
    if (fragment->num_threads < context_.threads) {
      add(context_.thread < Int(fragment->num_threads));
    }
    ffi::Array<ir::Expr> point = layout::MapSlot(fragment, context_.thread, value);
    for (size_t d = 0; d < point.size(); ++d) {
      const int64_t extent = fragment->shape[d];
      const bool padded = fragment->padded[d] != extent;
      if (padded && !context_.Has(PlantedBug::kReduceMaskTail)) add(point[d] < Int(extent));
    }
    return owns;
  }

  ir::Stmt If(const std::optional<ir::Expr>& cond, const ir::Stmt& body) const {
    return cond ? ir::If(*cond, body, std::nullopt, span()) : body;
  }

  ir::Stmt Accumulate() const {
    ir::Var v("v", ir::dtype::Int(32));
    const ir::Buffer& registers = *context_.layouts->FindRegisters(reduce_->src->buffer);
    auto table = layout::RegistersOf(source_, ResultMap(reduce_), result_);
    TILESCALE_CHECK(table, "threads do not own the results of their elements");
    for (int64_t& p : *table) p = std::max<int64_t>(p, 0);
    ir::Expr at = layout::LookUp(*table, 1, v, Int(0));
    ir::Expr element = ir::MakeCast(type_, ir::Load(registers, {v}));
    ir::Stmt add = SetPartial(at, CombineElement(reduce_, Partial(at), element));
    return ForEach(v, source_->num_values, If(Owns(source_, v), add));
  }

  ir::Stmt Exchange() const {
    ir::Var p("p", ir::dtype::Int(32));
    ffi::Array<ir::Stmt> stmts;
    for (const ReplicaDigit& digit : lanes_) {
      for (int64_t bit = 1; bit < digit.extent; bit *= 2) {
        ir::Var other("other", type_);
        stmts.push_back(ir::Bind(other, FromLane(Partial(p), digit.place * bit, context_), span()));
        stmts.push_back(SetPartial(p, MergePartials(reduce_, Partial(p), other)));
      }
    }
    if (stmts.empty()) return ir::Seq(stmts, span());
    return ForEach(p, result_->num_values, ir::Seq(stmts, span()));
  }

  ir::Expr Digit(const ReplicaDigit& digit) const {
    return ir::FloorMod(ir::FloorDiv(context_.thread, Int(digit.place)), Int(digit.extent));
  }

  // One thread of each group of lanes writes what the group has; all read what all groups have.
  void MergeAcross(ffi::Array<ir::Stmt>* stmts) const {
    int64_t parts = 1;
    ir::Expr part = Int(0);
    for (const ReplicaDigit& digit : across_) {
      part = part + Digit(digit) * Int(parts);
      parts *= digit.extent;
    }
    ffi::Array<ir::Expr> shape = {Int(parts)};
    for (int64_t extent : result_->shape) shape.push_back(Int(extent));
    ir::Buffer scratch(std::string(partial_->name) + "_s", type_, shape, {}, ir::scope::kShared);
    stmts->push_back(ir::Alloc(scratch, std::nullopt, span()));
    ir::Var p("p", ir::dtype::Int(32)), q("q", ir::dtype::Int(32));
    std::optional<ir::Expr> writes = Owns(result_, p);
    for (const ReplicaDigit& digit : Writers()) {
      ir::Expr first = ir::Equal(Digit(digit), Int(0));
      writes = writes ? *writes && first : first;
    }
    ir::Stmt write = ir::Store(scratch, At(part, p), Partial(p), span());
    stmts->push_back(Threads({ForEach(p, result_->num_values, If(writes, write))}));
    ffi::Array<ir::Stmt> merge = {SetPartial(q, ir::Load(scratch, At(Int(0), q)))};
    ir::Var n("n", ir::dtype::Int(32));
    ir::Expr other = ir::Load(scratch, At(n, q));
    merge.push_back(ir::For(n, Int(1), Int(parts - 1), Int(1), ir::ForKind::kUnroll,
                            SetPartial(q, MergePartials(reduce_, Partial(q), other)), {}, span()));
    stmts->push_back(
        Threads({ForEach(q, result_->num_values, If(Owns(result_, q), ir::Seq(merge, span())))}));
  }

  // All digits that tell threads with one partial result apart.
  std::vector<ReplicaDigit> Writers() const {
    std::vector<ReplicaDigit> writers = lanes_;
    for (const ReplicaDigit& digit : layout::ReplicaDigits(source_)) writers.push_back(digit);
    return writers;
  }

  ffi::Array<ir::Expr> At(const ir::Expr& part, const ir::Expr& value) const {
    ffi::Array<ir::Expr> indices = {part};
    for (const ir::Expr& e : layout::MapSlot(result_, context_.thread, value)) {
      indices.push_back(e);
    }
    return indices;
  }

  // Into the destination, wherever it is: a loop like the user's.
  ir::Stmt Finish(const ir::Buffer& results) const {
    std::vector<ir::Expr> extents(results->shape.begin(), results->shape.end());
    std::vector<ir::Var> vars = LoopVars(extents);
    std::vector<ir::Expr> point;
    for (size_t d = 0; d < vars.size(); ++d) {
      if (!ir::IsConstInt(extents[d], 1)) point.push_back(vars[d]);
    }
    ffi::Array<ir::Expr> all(vars.begin(), vars.end());
    ffi::Array<ir::Var> named(vars.begin(), vars.end());
    ffi::Array<ir::Expr> to = SqueezedIndicesAt(reduce_->dst, point);
    const ir::Buffer& buffer = reduce_->dst->buffer;
    ir::Expr value = ir::Load(results, all);
    if (!reduce_->clear) value = MergePartials(reduce_, ir::Load(buffer, to), value);
    ir::Stmt store = ir::Store(buffer, to, value, span());
    return ir::Parallel(named, results->shape, store, {}, span());
  }

  const op::ReduceObj* reduce_;
  const Fragment& source_;
  const Fragment result_;
  const Context& context_;
  const ir::DType type_;
  const ir::Buffer partial_;
  std::vector<ReplicaDigit> lanes_;
  std::vector<ReplicaDigit> across_;
};

// The destination gets its results where they are computed.
std::vector<LayoutDemand> FollowReduce(const ir::TileOp& op, const Layouts& known, const Context&) {
  const auto* reduce = op.as<op::ReduceObj>();
  const Fragment* source = known.FindFragment(reduce->src->buffer);
  const ir::Buffer& dst = reduce->dst->buffer;
  if (!source || known.FindFragment(dst) || !dst.IsScope(ir::scope::kFragment)) return {};
  if (!IsWhole(reduce->src) || !IsWhole(reduce->dst)) return {};
  auto result = ResultLayout(reduce, *source);
  if (!result) return {};
  layout::PointMap map;
  map.box.assign((*result)->shape.begin(), (*result)->shape.end());
  size_t next = 0;
  for (const ir::Expr& extent : dst->shape) {
    while (next < map.box.size() && map.box[next] == 1) ++next;
    const bool unit = ir::IsConstInt(extent, 1);
    map.indices.push_back({unit ? -1 : static_cast<int64_t>(next++), 0, std::nullopt});
    map.shape.push_back(*ir::AsConstInt(extent));
  }
  auto image = layout::ImageOf(*result, map);
  if (!image) return {};
  return {{dst, image, {}, "the result of T.reduce", op->span}};
}

std::vector<LayoutLine> LinesOfReduce(const ir::TileOp& op) {
  const auto* reduce = op.as<op::ReduceObj>();
  return {{reduce->src->buffer, reduce->dim}};
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterLayoutFollow(op::ReduceObj::_type_key, FollowReduce),
    RegisterLayoutLines(op::ReduceObj::_type_key, LinesOfReduce),
};

}  // namespace

std::optional<ir::Stmt> LowerReduceInRegisters(const op::ReduceObj* reduce,
                                               const Context& context) {
  const Fragment* source = context.layouts->FindFragment(reduce->src->buffer);
  if (!source || !IsWhole(reduce->src)) return std::nullopt;
  auto result = ResultLayout(reduce, *source);
  if (!result) return std::nullopt;
  return RegisterReducer(reduce, *source, *result, context).Lower();
}

}  // namespace tilescale::lower::cuda
