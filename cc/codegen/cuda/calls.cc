// Intrinsics as CUDA C++.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"

namespace tilescale::codegen::cuda {
namespace {

std::string EmitThread(Writer*, const ir::CallObj*) { return "int32_t(threadIdx.x)"; }

std::string EmitCopyVector(Writer* w, const ir::CallObj* call) {
  int64_t words = call->attrs.at("bytes").cast<int64_t>() / 4;
  std::string type = "ts::Words<" + std::to_string(words) + ">";
  return "*reinterpret_cast<" + type + "*>(" + Arg(w, call, 0) + ") = *reinterpret_cast<const " +
         type + "*>(" + Arg(w, call, 1) + ")";
}

bool RegisterAll() {
  RegisterCallEmitter("get_thread_binding", EmitThread);
  RegisterCallEmitter("cuda.copy_vector", EmitCopyVector);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
