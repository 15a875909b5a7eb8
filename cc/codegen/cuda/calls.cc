// Intrinsics as CUDA C++.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"

namespace tilescale::codegen::cuda {
namespace {

std::string EmitThread(Writer*, const ir::CallObj*) { return "int32_t(threadIdx.x)"; }

bool RegisterAll() {
  RegisterCallEmitter("get_thread_binding", EmitThread);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
