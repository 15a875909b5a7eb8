// Loads and stores of neighbouring elements by one instruction as CUDA C++.
#include "cc/codegen/cuda/writer.h"

namespace tilescale::codegen::cuda {
namespace {

constexpr int64_t kWideBytes = 32;

// "ldg_b128": by the memory that an address lies in.
std::string Function(const ir::CallObj* call, const std::string& verb, int memory) {
  const auto* address = ir::Call::Arg(call, memory).as<ir::AddressOfObj>();
  const bool shared = address && address->buffer.IsScope(ir::scope::kShared);
  const int64_t bytes = call->attrs.at("bytes").cast<int64_t>();
  return "ts::ptx::" + verb + (shared ? "s_b" : "g_b") + std::to_string(8 * bytes) + "(";
}

std::string Words(Writer* w, const ir::CallObj* call, int argument) {
  const int64_t bytes = call->attrs.at("bytes").cast<int64_t>();
  return "ts::registers<uint32_t, " + std::to_string(bytes / 4) + ">(" + Arg(w, call, argument) +
         ")";
}

std::string Predicate(Writer* w, const ir::CallObj* call) {
  ir::Expr predicate = ir::Call::Arg(call, 2);
  return ir::IsConstInt(predicate, 1) ? ")" : ", " + w->Expr(predicate) + ")";
}

std::string EmitLoad(Writer* w, const ir::CallObj* call) {
  return Function(call, "ld", 1) + Words(w, call, 0) + ", " + Arg(w, call, 1) + Predicate(w, call);
}

std::string EmitStore(Writer* w, const ir::CallObj* call) {
  return Function(call, "st", 0) + Arg(w, call, 0) + ", " + Words(w, call, 1) + Predicate(w, call);
}

bool IsGlobal(const ir::CallObj* call, int argument) {
  const auto* address = ir::Call::Arg(call, argument).as<ir::AddressOfObj>();
  return address && address->buffer.IsScope(ir::scope::kGlobal);
}

std::string EmitCopy(Writer* w, const ir::CallObj* call) {
  const int64_t bytes = call->attrs.at("bytes").cast<int64_t>();
  // Compilers make two instructions of an assignment of so many.
  if (bytes == kWideBytes && IsGlobal(call, 1)) {
    return Function(call, "ld", 1) + Words(w, call, 0) + ", " + Arg(w, call, 1) + ")";
  }
  if (bytes == kWideBytes) {
    return Function(call, "st", 0) + Arg(w, call, 0) + ", " + Words(w, call, 1) + ")";
  }
  std::string type = bytes < 4 ? "uint" + std::to_string(bytes * 8) + "_t"
                               : "ts::Words<" + std::to_string(bytes / 4) + ">";
  return "*reinterpret_cast<" + type + "*>(" + Arg(w, call, 0) + ") = *reinterpret_cast<const " +
         type + "*>(" + Arg(w, call, 1) + ")";
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterCallEmitter("load_vector", EmitLoad),
    RegisterCallEmitter("store_vector", EmitStore),
    RegisterCallEmitter("cuda.copy_vector", EmitCopy),
};

}  // namespace
}  // namespace tilescale::codegen::cuda
