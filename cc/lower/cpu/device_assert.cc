#include "cc/op/device_assert.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

ir::Stmt LowerDeviceAssert(const ir::TileOp& op, const Context&) {
  const auto* check = op.as<op::DeviceAssertObj>();
  ir::Expr cond = ir::MakeCast(ir::dtype::Bool(), check->cond);
  ir::Expr fail = ir::MakeCall("cpu.fail", {ir::StringImm(check->msg)}, {}, ir::dtype::Int(32));
  return ir::If(ir::MakeNot(cond), ir::Evaluate(fail, check->span), std::nullopt, check->span);
}

[[maybe_unused]] const bool kRegistered =
    RegisterLowering(op::DeviceAssertObj::_type_key, LowerDeviceAssert);

}  // namespace
}  // namespace tilescale::lower::cpu
