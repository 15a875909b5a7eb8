#include "cc/op/device_assert.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

void VerifyDeviceAssert(const ir::TileOp& op) {
  const auto* check = op.as<DeviceAssertObj>();
  if (!ir::dtype::IsHandle(check->cond.dtype())) return;
  ErrorAt("AssertConditionError", op)
      .Message("`T.device_assert` needs a condition")
      .Expected("a boolean or a number")
      .Got(ir::dtype::Name(check->cond.dtype()))
      .Remedy("pass a comparison, e.g. i < n")
      .Throw();
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(DeviceAssertObj::_type_key,
               {"device_assert", [](const ir::TileOp&) { return Effects(); }, VerifyDeviceAssert});

}  // namespace
}  // namespace tilescale::op
