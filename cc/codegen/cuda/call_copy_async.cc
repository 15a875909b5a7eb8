// Asynchronous copies as CUDA C++.
#include "cc/codegen/cuda/writer.h"

namespace tilescale::codegen::cuda {
namespace {

std::string EmitCopyAsync(Writer* w, const ir::CallObj* call) {
  ir::Expr predicate = ir::Call::Arg(call, 2);
  std::string text = "ts::ptx::cp_async_" +
                     std::to_string(call->attrs.at("bytes").cast<int64_t>()) + "(" +
                     w->Expr(ir::Call::Arg(call, 0)) + ", " + w->Expr(ir::Call::Arg(call, 1));
  return text + (ir::IsConstInt(predicate, 1) ? ")" : ", " + w->Expr(predicate) + ")");
}

std::string EmitCommit(Writer*, const ir::CallObj*) { return "ts::ptx::cp_async_commit()"; }

std::string EmitWait(Writer* w, const ir::CallObj* call) {
  return "ts::ptx::cp_async_wait<" + w->Expr(ir::Call::Arg(call, 0)) + ">()";
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterCallEmitter("cuda.copy_async", EmitCopyAsync),
    RegisterCallEmitter("ptx_commit_group", EmitCommit),
    RegisterCallEmitter("ptx_wait_group", EmitWait),
};

}  // namespace
}  // namespace tilescale::codegen::cuda
