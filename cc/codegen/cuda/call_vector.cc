// Loads and stores of neighbouring elements by one instruction as CUDA C++.
#include "cc/codegen/cuda/writer.h"

namespace tilescale::codegen::cuda {
namespace {

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

[[maybe_unused]] const bool kRegistered[] = {
    RegisterCallEmitter("load_vector", EmitLoad),
    RegisterCallEmitter("store_vector", EmitStore),
};

}  // namespace
}  // namespace tilescale::codegen::cuda
