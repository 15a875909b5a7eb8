#include "cc/op/copy.h"

#include "cc/ir/span.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

bool ProvablyApart(const op::CopyObj* copy, const Context& context) {
  for (size_t i = 0; i < copy->src->mins.size(); ++i) {
    const ir::Expr& src = copy->src->mins[i];
    const ir::Expr& dst = copy->dst->mins[i];
    if (context.can_prove(src + copy->src->extents[i] <= dst)) return true;
    if (context.can_prove(dst + copy->dst->extents[i] <= src)) return true;
  }
  return false;
}

// Threads may not write what another one has still to read.
void CheckApart(const op::CopyObj* copy, const Context& context) {
  if (!copy->src->buffer.same_as(copy->dst->buffer) || ProvablyApart(copy, context)) return;
  support::UserError("CopyOverlapError")
      .Message("`T.copy` between parts of `" + std::string(copy->dst->buffer->name) +
               "` that may overlap")
      .Expected("regions that provably do not overlap")
      .Got("regions of one buffer that may share elements")
      .Remedy("copy through a second buffer")
      .At(ir::ToLocation(copy->span))
      .Throw();
}

std::optional<ir::Stmt> LowerCopy(const ir::TileOp& op, const Context& context) {
  const auto* copy = op.as<op::CopyObj>();
  CheckApart(copy, context);
  std::vector<ir::Expr> extents = op::SqueezedExtents(copy->dst);
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> point = AsExprs(vars);
  ir::Expr element = ir::Load(copy->src->buffer, SqueezedIndicesAt(copy->src, point));
  ir::Stmt store =
      ir::Store(copy->dst->buffer, SqueezedIndicesAt(copy->dst, point),
                ir::MakeCast(copy->dst->buffer->dtype, std::move(element)), copy->span);
  return ParallelOver(vars, extents, std::move(store), copy->span);
}

[[maybe_unused]] const bool kRegistered = RegisterElementwise(op::CopyObj::_type_key, LowerCopy);

}  // namespace
}  // namespace tilescale::lower::cuda
