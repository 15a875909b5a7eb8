#include "cc/op/fill.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

Effects FillEffects(const ir::TileOp& op) {
  Effects effects;
  effects.writes = {op.as<FillObj>()->dst};
  return effects;
}

void VerifyFill(const ir::TileOp& op) {
  const auto* fill = op.as<FillObj>();
  if (ir::dtype::IsHandle(fill->value.dtype())) {
    ErrorAt("FillValueError", op)
        .Message("`T.fill` needs a number")
        .Expected("a numeric value")
        .Got(ir::dtype::Name(fill->value.dtype()))
        .Remedy("pass a number or a scalar expression")
        .Throw();
  }
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(FillObj::_type_key, {"fill", FillEffects, VerifyFill});

}  // namespace
}  // namespace tilescale::op
