#include "cc/op/copy.h"

#include "cc/lower/common/copy_overlap.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"

namespace tilescale::lower::cuda {
namespace {

ir::Stmt CopyOnce(const ir::TileOp& op) {
  const auto* copy = op.as<op::CopyObj>();
  std::vector<ir::Expr> extents = op::SqueezedExtents(copy->dst);
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> point = AsExprs(vars);
  ir::Expr element = ir::Load(copy->src->buffer, SqueezedIndicesAt(copy->src, point));
  ir::Stmt store =
      ir::Store(copy->dst->buffer, SqueezedIndicesAt(copy->dst, point),
                ir::MakeCast(copy->dst->buffer->dtype, std::move(element)), copy->span);
  ir::Stmt loop = ParallelOver(vars, extents, std::move(store), copy->span);
  const auto* box = loop.as<ir::ParallelObj>();
  if (!box) return loop;
  // Who copies which elements, and how many at once, as the user wants it.
  ir::AttrMap attrs = box->attrs;
  for (const char* key : {"loop_layout", "coalesced_width"}) {
    auto given = copy->attrs.find(key);
    if (given != copy->attrs.end()) attrs.Set(key, (*given).second);
  }
  return ir::Parallel(box->vars, box->extents, box->body, attrs, box->span);
}

std::optional<ir::Stmt> LowerCopy(const ir::TileOp& op, const Context& context) {
  const auto* copy = op.as<op::CopyObj>();
  // A single element has no neighbour that another thread could still have to read.
  if (op::SqueezedExtents(copy->dst).empty() || !MayOverlap(copy, context)) return CopyOnce(op);
  return CopyThroughBuffer(copy, ir::scope::kFragment, CopyOnce);
}

[[maybe_unused]] const bool kRegistered = RegisterElementwise(op::CopyObj::_type_key, LowerCopy);

}  // namespace
}  // namespace tilescale::lower::cuda
