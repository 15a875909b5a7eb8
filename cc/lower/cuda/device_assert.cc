#include "cc/op/device_assert.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/cuda/lowering.h"

namespace tilescale::lower::cuda {
namespace {

[[maybe_unused]] const bool kDeclared =
    ir::RegisterIntrinsic({"cuda.assert", 2, ir::Effect::kState, ir::TypeRule::kInt32,
                           "assert(cond, message): ends the launch if cond is false"});

ir::Stmt LowerDeviceAssert(const ir::TileOp& op, const Context&) {
  const auto* check = op.as<op::DeviceAssertObj>();
  ir::Expr cond = ir::MakeCast(ir::dtype::Bool(), check->cond);
  std::string text(check->msg);
  if (text.empty()) text = "an assertion of the kernel failed";
  ir::Expr call = ir::MakeCall("cuda.assert", {cond, ir::StringImm(text)}, {}, ir::dtype::Int(32));
  return ir::Evaluate(call, check->span);
}

[[maybe_unused]] const bool kRegistered =
    RegisterElementwise(op::DeviceAssertObj::_type_key, LowerDeviceAssert);

}  // namespace
}  // namespace tilescale::lower::cuda
