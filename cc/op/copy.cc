#include "cc/op/copy.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

Effects CopyEffects(const ir::TileOp& op) {
  const auto* copy = op.as<CopyObj>();
  Effects effects;
  effects.reads = {copy->src};
  effects.writes = {copy->dst};
  return effects;
}

void VerifyCopy(const ir::TileOp& op) {
  const auto* copy = op.as<CopyObj>();
  if (!MayBeEqual(SqueezedExtents(copy->src), SqueezedExtents(copy->dst))) {
    ErrorAt("CopyShapeError", op)
        .Message("`T.copy` from `" + std::string(copy->src->buffer->name) + "` to `" +
                 std::string(copy->dst->buffer->name) + "` has regions of different shapes")
        .Expected("equal extents after dropping extents of 1")
        .Got(ExtentsText(copy->src) + " and " + ExtentsText(copy->dst))
        .Remedy("slice the larger side, e.g. A[i : i + 64, 0:32], to the other's extents")
        .Throw();
  }
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(CopyObj::_type_key, {"copy", CopyEffects, VerifyCopy});

}  // namespace
}  // namespace tilescale::op
