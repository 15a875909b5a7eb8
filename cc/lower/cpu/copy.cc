#include "cc/op/copy.h"

#include "cc/lower/common/copy_overlap.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

ir::Stmt LowerCopy(const ir::TileOp& op, const Context& context) {
  const auto* copy = op.as<op::CopyObj>();
  if (MayOverlap(copy, context)) {
    return CopyThroughBuffer(copy, ir::scope::kLocal,
                             [&](const ir::TileOp& part) { return LowerTileOp(part, context); });
  }
  std::vector<ir::Expr> extents = op::SqueezedExtents(copy->dst);
  std::vector<ir::Var> vars = LoopVars(extents);
  ffi::Array<ir::Expr> src = SqueezedIndicesAt(copy->src, AsExprs(vars));
  if (context.Has(PlantedBug::kRegionOffByOne) && !src.empty() &&
      !ir::IsConstInt(copy->src->mins.back(), 0)) {
    src.Set(src.size() - 1, src.back() + 1);
  }
  ir::Expr value =
      ir::MakeCast(copy->dst->buffer->dtype, ir::Load(copy->src->buffer, std::move(src)));
  ir::Stmt store = ir::Store(copy->dst->buffer, SqueezedIndicesAt(copy->dst, AsExprs(vars)),
                             std::move(value), copy->span);
  return ParallelOver(vars, extents, std::move(store), copy->span);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::CopyObj::_type_key, LowerCopy);

}  // namespace
}  // namespace tilescale::lower::cpu
