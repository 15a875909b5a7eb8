// Intrinsics as CUDA C++.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"

namespace tilescale::codegen::cuda {
namespace {

std::string EmitThread(Writer*, const ir::CallObj*) { return "int32_t(threadIdx.x)"; }

std::string EmitCopyVector(Writer* w, const ir::CallObj* call) {
  const int64_t bytes = call->attrs.at("bytes").cast<int64_t>();
  std::string type = bytes < 4 ? "uint" + std::to_string(bytes * 8) + "_t"
                               : "ts::Words<" + std::to_string(bytes / 4) + ">";
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
