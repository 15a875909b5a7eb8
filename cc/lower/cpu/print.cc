#include "cc/op/print.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

ir::Stmt LowerPrint(const ir::TileOp& op, const Context&) {
  const auto* print = op.as<op::PrintObj>();
  ffi::Array<ffi::Any> args = {ir::StringImm(print->msg)};
  for (const ffi::Any& value : print->values) args.push_back(value);
  ir::Expr call = ir::MakeCall("cpu.print", args, {}, ir::dtype::Int(32));
  return ir::Evaluate(call, print->span);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::PrintObj::_type_key, LowerPrint);

}  // namespace
}  // namespace tilescale::lower::cpu
