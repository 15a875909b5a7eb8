// Loads and stores of neighbouring elements as C.
#include "cc/codegen/common/call_emitter.h"
#include "cc/codegen/cpu/writer.h"

namespace tilescale::codegen::cpu {
namespace {

// Otherwise: zeros, or nothing.
std::string Move(Writer* w, const ir::CallObj* call, const std::string& otherwise) {
  const std::string bytes = std::to_string(call->attrs.at("bytes").cast<int64_t>());
  std::string move =
      "(void)memcpy(" + Arg(w, call, 0) + ", " + Arg(w, call, 1) + ", " + bytes + ")";
  ir::Expr predicate = ir::Call::Arg(call, 2);
  if (ir::IsConstInt(predicate, 1)) return move;
  return "(" + w->Expr(predicate) + " ? " + move + " : " + otherwise + ")";
}

std::string EmitLoad(Writer* w, const ir::CallObj* call) {
  const std::string bytes = std::to_string(call->attrs.at("bytes").cast<int64_t>());
  return Move(w, call, "(void)memset(" + Arg(w, call, 0) + ", 0, " + bytes + ")");
}

std::string EmitStore(Writer* w, const ir::CallObj* call) { return Move(w, call, "(void)0"); }

[[maybe_unused]] const bool kRegistered[] = {
    RegisterCallEmitter("load_vector", EmitLoad),
    RegisterCallEmitter("store_vector", EmitStore),
};

}  // namespace
}  // namespace tilescale::codegen::cpu
