#include "cc/op/transpose.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

Effects TransposeEffects(const ir::TileOp& op) {
  const auto* transpose = op.as<TransposeObj>();
  Effects effects;
  effects.reads = {transpose->src};
  effects.writes = {transpose->dst};
  return effects;
}

std::vector<ir::Expr> TwoExtents(const ir::Region& region) {
  std::vector<ir::Expr> extents = Extents(region);
  while (extents.size() > 2 && ir::IsConstInt(extents.front(), 1)) extents.erase(extents.begin());
  return extents;
}

void VerifyTranspose(const ir::TileOp& op) {
  const auto* transpose = op.as<TransposeObj>();
  std::vector<ir::Expr> src = TwoExtents(transpose->src);
  std::vector<ir::Expr> dst = TwoExtents(transpose->dst);
  bool right = src.size() == 2 && dst.size() == 2 && MayBeEqual(src[0], dst[1]) &&
               MayBeEqual(src[1], dst[0]);
  if (!right) {
    ErrorAt("TransposeShapeError", op)
        .Message("`T.transpose` needs a destination with the source's extents exchanged")
        .Expected("two 2-D regions, (m, n) and (n, m)")
        .Got(ExtentsText(transpose->src) + " and " + ExtentsText(transpose->dst))
        .Remedy("allocate the destination with exchanged extents, or slice one side")
        .Throw();
  }
  if (transpose->src->buffer.same_as(transpose->dst->buffer)) {
    ErrorAt("TransposeShapeError", op)
        .Message("`T.transpose` cannot work in place")
        .Expected("two different buffers")
        .Got("`" + std::string(transpose->src->buffer->name) + "` on both sides")
        .Remedy("allocate a second buffer for the result")
        .Throw();
  }
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(TransposeObj::_type_key, {"transpose", TransposeEffects, VerifyTranspose});

}  // namespace
}  // namespace tilescale::op
