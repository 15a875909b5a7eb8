#include "cc/lower/cuda/partials.h"

#include <utility>

#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lane_groups.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"

namespace tilescale::lower::cuda {
namespace {

using layout::Fragment;
using layout::ReplicaDigit;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

ffi::Array<ir::Expr> ShapeOf(const Fragment& fragment) {
  ffi::Array<ir::Expr> shape;
  for (int64_t extent : fragment->shape) shape.push_back(Int(extent));
  return shape;
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

}  // namespace

std::optional<Fragment> Partials::LayoutOf(const Fragment& source, const layout::PointMap& map) {
  if (!source->thread_value.has_value()) return std::nullopt;
  auto result = layout::ImageOf(source, map);
  if (!result || !(*result)->thread_value.has_value()) return std::nullopt;
  return layout::HasFirstOwners(*result) ? result : std::nullopt;
}

Partials::Partials(const std::string& name, ir::DType type, const Fragment& source, Fragment result,
                   Merge merge, ir::Span span, const Context& context)
    : source_(source),
      result_(std::move(result)),
      merge_(std::move(merge)),
      span_(std::move(span)),
      context_(context),
      type_(type),
      registers_(name, type, {Int(result_->num_values)}, {}, ir::scope::kLocal),
      results_(name + "_r", type, ShapeOf(result_), {}, ir::scope::kFragment) {
  for (const ReplicaDigit& digit : SharedDigits(source_, result_)) AddDigit(digit);
}

ffi::Array<ir::Stmt> Partials::Declare() const {
  return {ir::Alloc(results_, std::nullopt, span_),
          ir::Annotate("layout", results_, result_, span_), ir::View(registers_, results_, span_)};
}

// Lanes exchange by shuffles where the bits of their numbers tell them apart and all lanes exist.
void Partials::AddDigit(const ReplicaDigit& digit) {
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

ir::Stmt Partials::Threads(const ffi::Array<ir::Stmt>& stmts) const {
  return ir::For(ir::Var("once", ir::dtype::Int(32)), Int(0), Int(1), Int(1), ir::ForKind::kSerial,
                 ir::Seq(stmts, span_), {{kThreadLevel, true}}, span_);
}

ir::Stmt Partials::ForEach(const ir::Var& var, int64_t extent, const ir::Stmt& body) const {
  return ir::For(var, Int(0), Int(extent), Int(1), ir::ForKind::kUnroll, body, {}, span_);
}

ir::Stmt Partials::Set(const ir::Expr& number, const ir::Expr& to) const {
  return ir::Store(registers_, {number}, to, span_);
}

ir::Stmt Partials::Start(const ir::Expr& identity) const {
  ir::Var p("p", ir::dtype::Int(32));
  return ForEach(p, result_->num_values, Set(p, identity));
}

std::optional<ir::Expr> Partials::Owns(const Fragment& fragment, const ir::Expr& number) const {
  std::optional<ir::Expr> owns;
  auto add = [&](const ir::Expr& cond) { owns = owns ? *owns && cond : cond; };
  if (fragment->num_threads < context_.threads) add(context_.thread < Int(fragment->num_threads));
  ffi::Array<ir::Expr> point = layout::MapSlot(fragment, context_.thread, number);
  for (size_t d = 0; d < point.size(); ++d) {
    const int64_t extent = fragment->shape[d];
    const bool padded = fragment->padded[d] != extent;
    if (padded && !context_.Has(PlantedBug::kReduceMaskTail)) add(point[d] < Int(extent));
  }
  return owns;
}

ir::Stmt Partials::If(const std::optional<ir::Expr>& cond, const ir::Stmt& body) const {
  return cond ? ir::If(*cond, body, std::nullopt, span_) : body;
}

ir::Stmt Partials::Exchange() const {
  ir::Var p("p", ir::dtype::Int(32));
  ffi::Array<ir::Stmt> stmts;
  for (const ReplicaDigit& digit : lanes_) {
    for (int64_t bit = 1; bit < digit.extent; bit *= 2) {
      ir::Var other("other", type_);
      ir::Expr theirs = ShuffleLanes("shfl_xor", Value(p), digit.place * bit, kWarpSize, context_);
      stmts.push_back(ir::Bind(other, theirs, span_));
      stmts.push_back(Set(p, merge_(Value(p), other)));
    }
  }
  if (stmts.empty()) return ir::Seq(stmts, span_);
  return ForEach(p, result_->num_values, ir::Seq(stmts, span_));
}

ir::Expr Partials::Digit(const ReplicaDigit& digit) const {
  return ir::FloorMod(ir::FloorDiv(context_.thread, Int(digit.place)), Int(digit.extent));
}

void Partials::MergeAcross(ffi::Array<ir::Stmt>* stmts) const {
  if (across_.empty()) return;
  int64_t parts = 1;
  ir::Expr part = Int(0);
  for (const ReplicaDigit& digit : across_) {
    part = part + Digit(digit) * Int(parts);
    parts *= digit.extent;
  }
  ffi::Array<ir::Expr> shape = {Int(parts)};
  for (int64_t extent : result_->shape) shape.push_back(Int(extent));
  ir::Buffer scratch(std::string(registers_->name) + "_s", type_, shape, {}, ir::scope::kShared);
  stmts->push_back(ir::Alloc(scratch, std::nullopt, span_));
  ir::Var p("p", ir::dtype::Int(32)), q("q", ir::dtype::Int(32));
  std::optional<ir::Expr> writes = Owns(result_, p);
  for (const ReplicaDigit& digit : Writers()) {
    ir::Expr first = ir::Equal(Digit(digit), Int(0));
    writes = writes ? *writes && first : first;
  }
  ir::Stmt write = ir::Store(scratch, At(part, p), Value(p), span_);
  stmts->push_back(Threads({ForEach(p, result_->num_values, If(writes, write))}));
  ffi::Array<ir::Stmt> merge = {Set(q, ir::Load(scratch, At(Int(0), q)))};
  ir::Var n("n", ir::dtype::Int(32));
  ir::Expr other = ir::Load(scratch, At(n, q));
  merge.push_back(ir::For(n, Int(1), Int(parts - 1), Int(1), ir::ForKind::kUnroll,
                          Set(q, merge_(Value(q), other)), {}, span_));
  stmts->push_back(
      Threads({ForEach(q, result_->num_values, If(Owns(result_, q), ir::Seq(merge, span_)))}));
}

// All digits that tell threads with one partial result apart.
std::vector<ReplicaDigit> Partials::Writers() const {
  std::vector<ReplicaDigit> writers = lanes_;
  for (const ReplicaDigit& digit : layout::ReplicaDigits(source_)) writers.push_back(digit);
  return writers;
}

ffi::Array<ir::Expr> Partials::At(const ir::Expr& part, const ir::Expr& number) const {
  ffi::Array<ir::Expr> indices = {part};
  for (const ir::Expr& e : layout::MapSlot(result_, context_.thread, number)) indices.push_back(e);
  return indices;
}

ir::Stmt StorePartials(const Partials& partials, const ir::Region& dst, bool merges,
                       const Partials::Merge& merge) {
  const ir::Buffer& results = partials.results();
  std::vector<ir::Expr> extents(results->shape.begin(), results->shape.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> point;
  for (size_t d = 0; d < vars.size(); ++d) {
    if (!ir::IsConstInt(extents[d], 1)) point.push_back(vars[d]);
  }
  ffi::Array<ir::Expr> all(vars.begin(), vars.end());
  ffi::Array<ir::Var> named(vars.begin(), vars.end());
  ffi::Array<ir::Expr> to = SqueezedIndicesAt(dst, point);
  ir::Expr value = ir::Load(results, all);
  if (merges) value = merge(ir::Load(dst->buffer, to), value);
  ir::Stmt store =
      ir::Store(dst->buffer, to, ir::MakeCast(dst->buffer->dtype, value), partials.span());
  return ir::Parallel(named, results->shape, store, {}, partials.span());
}

}  // namespace tilescale::lower::cuda
