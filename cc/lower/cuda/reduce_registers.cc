#include <algorithm>

#include "cc/layout/fragment_map.h"
#include "cc/layout/table_expr.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/lower/cuda/partials.h"
#include "cc/lower/cuda/reduce.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

using layout::Fragment;

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

class RegisterReducer {
 public:
  RegisterReducer(const op::ReduceObj* reduce, const Fragment& source, const Fragment& result,
                  const Context& context)
      : reduce_(reduce),
        source_(source),
        context_(context),
        merge_(
            [reduce](const ir::Expr& a, const ir::Expr& b) { return MergePartials(reduce, a, b); }),
        partials_(reduce->dst->buffer->name, reduce->dst->buffer->dtype, source, result, merge_,
                  reduce->span, context) {}

  ir::Stmt Lower() const {
    ffi::Array<ir::Stmt> stmts = partials_.Declare();
    ir::Expr identity = op::ReduceIdentity(reduce_->kind, reduce_->dst->buffer->dtype);
    stmts.push_back(
        partials_.Threads({partials_.Start(identity), Accumulate(), partials_.Exchange()}));
    partials_.MergeAcross(&stmts);
    stmts.push_back(StorePartials(partials_, reduce_->dst, !reduce_->clear, merge_));
    return ir::Seq(stmts, reduce_->span);
  }

 private:
  ir::Stmt Accumulate() const {
    ir::Var v("v", ir::dtype::Int(32));
    const ir::Buffer& registers = *context_.layouts->FindRegisters(reduce_->src->buffer);
    auto table = layout::RegistersOf(source_, ResultMap(reduce_), partials_.layout());
    TILESCALE_CHECK(table, "threads do not own the results of their elements");
    for (int64_t& p : *table) p = std::max<int64_t>(p, 0);
    ir::Expr at = layout::LookUp(*table, 1, v, Int(0));
    const ir::DType type = reduce_->dst->buffer->dtype;
    ir::Expr element = ir::MakeCast(type, ir::Load(registers, {v}));
    ir::Stmt add = partials_.Set(at, CombineElement(reduce_, partials_.Value(at), element));
    std::optional<ir::Expr> owns = partials_.Owns(source_, v);
    if (owns) add = ir::If(*owns, add, std::nullopt, reduce_->span);
    return partials_.ForEach(v, source_->num_values, add);
  }

  const op::ReduceObj* reduce_;
  const Fragment& source_;
  const Context& context_;
  const Partials::Merge merge_;
  const Partials partials_;
};

// The destination gets its results where they are computed.
std::vector<LayoutDemand> FollowReduce(const ir::TileOp& op, const Layouts& known, const Context&) {
  const auto* reduce = op.as<op::ReduceObj>();
  const Fragment* source = known.FindFragment(reduce->src->buffer);
  const ir::Buffer& dst = reduce->dst->buffer;
  if (!source || known.FindFragment(dst) || !dst.IsScope(ir::scope::kFragment)) return {};
  if (!IsWhole(reduce->src) || !IsWhole(reduce->dst)) return {};
  auto result = Partials::LayoutOf(*source, ResultMap(reduce));
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
  auto result = Partials::LayoutOf(*source, ResultMap(reduce));
  if (!result) return std::nullopt;
  return RegisterReducer(reduce, *source, *result, context).Lower();
}

}  // namespace tilescale::lower::cuda
