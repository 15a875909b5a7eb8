#include "cc/lower/common/copy_overlap.h"

#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower {
namespace {

namespace ffi = tvm::ffi;

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

}  // namespace

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

ir::Stmt CopyThroughBuffer(const op::CopyObj* copy, const std::string& scope,
                           const std::function<ir::Stmt(const ir::TileOp&)>& lower_copy) {
  for (const ir::Expr& extent : copy->dst->extents) {
    if (!ir::AsConstInt(extent)) ThrowOverlap(copy);
  }
  ir::Buffer between(copy->dst->buffer->name + "_copy", copy->dst->buffer->dtype,
                     copy->dst->extents, {}, scope);
  ir::Expr zero = ir::MakeInt(ir::dtype::Int(32), 0);
  ffi::Array<ir::Expr> mins;
  for (size_t i = 0; i < copy->dst->extents.size(); ++i) mins.push_back(zero);
  ir::Region whole(between, mins, copy->dst->extents);
  return ir::Seq({ir::Alloc(between, std::nullopt, copy->span),
                  lower_copy(op::Copy(copy->src, whole, copy->attrs, copy->span)),
                  lower_copy(op::Copy(whole, copy->dst, copy->attrs, copy->span))},
                 copy->span);
}

}  // namespace tilescale::lower
