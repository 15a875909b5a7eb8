#include "cc/op/copy.h"

#include "cc/ir/span.h"
#include "cc/lower/cpu/lowering.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cpu {
namespace {

// Whether the two sides are parts of one buffer that are neither the same nor provably apart.
bool MayOverlap(const op::CopyObj* copy, const Context& context) {
  if (!copy->src->buffer.same_as(copy->dst->buffer)) return false;
  bool same = true;
  for (size_t i = 0; i < copy->src->mins.size(); ++i) {
    const ir::Expr& src = copy->src->mins[i];
    const ir::Expr& dst = copy->dst->mins[i];
    if (context.can_prove(src + copy->src->extents[i] <= dst)) return false;
    if (context.can_prove(dst + copy->dst->extents[i] <= src)) return false;
    same = same &&
           (src.same_as(dst) || context.can_prove(ir::MakeBinary(ir::BinaryKind::kEq, src, dst)));
  }
  return !same;
}

[[noreturn]] void ThrowOverlap(const op::CopyObj* copy) {
  support::UserError("CopyOverlapError")
      .Message("`T.copy` between parts of `" + std::string(copy->dst->buffer->name) +
               "` that may overlap needs extents known at compile time")
      .Expected("constant extents, or regions that provably do not overlap")
      .Got("regions of one buffer whose extents are known at run time only")
      .Remedy("copy through a second buffer, tile by tile")
      .At(ir::ToLocation(copy->span))
      .Throw();
}

// All of the source is read before the destination is written: through a second buffer.
ir::Stmt CopyThroughBuffer(const op::CopyObj* copy, const Context& context) {
  for (const ir::Expr& extent : copy->dst->extents) {
    if (!ir::AsConstInt(extent)) ThrowOverlap(copy);
  }
  ir::Buffer between(copy->dst->buffer->name + "_copy", copy->dst->buffer->dtype,
                     copy->dst->extents, {}, "local");
  ir::Expr zero = ir::MakeInt(ir::dtype::Int(32), 0);
  ffi::Array<ir::Expr> mins;
  for (size_t i = 0; i < copy->dst->extents.size(); ++i) mins.push_back(zero);
  ir::Region whole(between, mins, copy->dst->extents);
  return ir::Seq({ir::Alloc(between, std::nullopt, copy->span),
                  LowerTileOp(op::Copy(copy->src, whole, {}, copy->span), context),
                  LowerTileOp(op::Copy(whole, copy->dst, {}, copy->span), context)},
                 copy->span);
}

ir::Stmt LowerCopy(const ir::TileOp& op, const Context& context) {
  const auto* copy = op.as<op::CopyObj>();
  if (MayOverlap(copy, context)) return CopyThroughBuffer(copy, context);
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
