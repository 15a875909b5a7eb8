#include "cc/lower/cuda/relayout.h"

#include <algorithm>

#include "cc/layout/fragment_map.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/lower/cuda/relayout_shuffle.h"
#include "cc/op/copy.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {

ir::Stmt CopyLoop(const ir::Buffer& from, const ir::Buffer& to, const layout::Fragment& owners,
                  const ir::Span& span) {
  std::vector<ir::Expr> extents(to->shape.begin(), to->shape.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> point = AsExprs(vars);
  ffi::Array<ir::Expr> at(point.begin(), point.end());
  ir::Stmt store = ir::Store(to, at, ir::Load(from, at), span);
  ffi::Array<ir::Var> named(vars.begin(), vars.end());
  return ir::Parallel(named, to->shape, store, {{"loop_layout", owners}}, span);
}

namespace {

layout::PointMap Identity(const layout::Fragment& fragment) {
  std::vector<int64_t> shape(fragment->shape.begin(), fragment->shape.end());
  layout::PointMap map{{}, shape, {}, shape};
  for (size_t d = 0; d < shape.size(); ++d) {
    map.indices.push_back({static_cast<int64_t>(d), 0, std::nullopt});
  }
  return map;
}

ir::Stmt LowerRelayout(const ir::TileOp& op, const Context& context) {
  const auto* copy = op.as<op::CopyObj>();
  const ir::Buffer& from = copy->src->buffer;
  const ir::Buffer& to = copy->dst->buffer;
  const layout::Fragment* source = context.layouts->FindFragment(from);
  const layout::Fragment* target = context.layouts->FindFragment(to);
  TILESCALE_CHECK(source || target, "a copy between memories is an elementwise operator");
  if (!source) return CopyLoop(from, to, *target, copy->span);
  if (!target) return CopyLoop(from, to, *source, copy->span);
  if (layout::RegistersOf(*target, Identity(*target), *source)) {
    return CopyLoop(from, to, *target, copy->span);
  }
  const int64_t bits = std::max(ir::dtype::Bits(from->dtype), 8);
  auto plan = layout::PlanShuffles(*source, *target);
  if (plan && layout::IsCheaperThanShared(*plan, *target, bits)) {
    return ShuffleCopy(from, to, *plan, (*target)->num_threads, copy->span, context);
  }
  ir::Buffer staged(std::string(from->name) + "_s", from->dtype, from->shape, {},
                    ir::scope::kShared);
  return ir::Seq(
      {ir::Alloc(staged, std::nullopt, copy->span), CopyLoop(from, staged, *source, copy->span),
       CopyLoop(staged, to, *target, copy->span)},
      copy->span);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::CopyObj::_type_key, LowerRelayout);

}  // namespace
}  // namespace tilescale::lower::cuda
