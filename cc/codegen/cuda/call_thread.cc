// Barriers, exchanges between the lanes of a warp, and foreign functions as CUDA C++.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

std::string Args(Writer* w, const ir::CallObj* call, size_t first = 0) {
  std::string text;
  for (size_t i = first; i < call->args.size(); ++i) {
    ir::Expr value = ir::Call::Arg(call, static_cast<int>(i));
    const auto* literal = value.as<ir::StringImmObj>();
    text += (i == first ? "" : ", ") +
            (literal ? "\"" + EscapeText(std::string(literal->value)) + "\"" : w->Expr(value));
  }
  return text;
}

std::string EmitSync(Writer* w, const ir::CallObj* call) {
  if (call->args.empty()) return "ts::sync_block()";
  return "ts::ptx::bar_sync(" + Arg(w, call, 0) + ", " + Arg(w, call, 1) + ")";
}

std::string EmitSyncWarp(Writer* w, const ir::CallObj* call) {
  return "ts::sync_warp(" + (call->args.empty() ? "" : Arg(w, call, 0)) + ")";
}

// The arguments as they are, after the text `function(`.
CallEmitter Function(const std::string& function, const std::string& type = "") {
  return [function, type](Writer* w, const ir::CallObj* call) {
    std::string text = function + "(";
    for (size_t i = 0; i < call->args.size(); ++i) {
      text += (i == 0 ? "" : ", ") + Arg(w, call, static_cast<int>(i));
    }
    text += ')';
    return type.empty() ? text : type + "(" + text + ")";
  };
}

// The instruction takes the mask first.
std::string EmitBallot(Writer* w, const ir::CallObj* call) {
  std::string mask = call->args.size() > 1 ? Arg(w, call, 1) : "ts::kAllLanes";
  return "ts::ptx::ballot(" + mask + ", " + Arg(w, call, 0) + ")";
}

// The lanes whose bits of the value are equal.
CallEmitter Match(const std::string& function) {
  return [function](Writer* w, const ir::CallObj* call) {
    const ir::DType type = ir::Call::Arg(call, 0).dtype();
    std::string bits = type.bits == 64 ? "uint64_t" : "uint32_t";
    std::string value = Arg(w, call, 0);
    bool narrow = !ir::dtype::IsFloat(type) && type.bits < 32;
    value = narrow ? bits + "(" + value + ")" : "ts::bit_cast<" + bits + ">(" + value + ")";
    return "ts::ptx::" + function + "(" + Arg(w, call, 1) + ", " + value + ")";
  };
}

// sm_80 and newer reduce 32-bit integers in one instruction.
CallEmitter Reduce(const std::string& op, const std::string& redux) {
  return [op, redux](Writer* w, const ir::CallObj* call) {
    const ir::DType type = call->dtype;
    const int64_t threads = w->cuda().threads;
    bool word = !ir::dtype::IsFloat(type) && type.bits == 32;
    bool native = word && w->cuda().arch != "sm_70" && w->cuda().arch != "sm_75";
    const bool whole = threads % 32 == 0;
    std::string lanes =
        whole ? "ts::kAllLanes"
              : "ts::lanes_of(" + w->Name(w->cuda().thread) + ", " + std::to_string(threads) + ")";
    std::string value = Arg(w, call, 0);
    if (native) return "ts::ptx::" + redux + "(" + lanes + ", " + value + ")";
    value = "ts::warp_reduce<ts::" + op + ">(" + value + (whole ? "" : ", " + lanes) + ")";
    bool narrow = ir::dtype::IsFloat(type) && type.bits < 32;
    return narrow ? w->Round(value, ir::dtype::Float(32), type) : value;
  };
}

std::string EmitExtern(Writer* w, const ir::CallObj* call) {
  const auto* name = ir::Call::Arg(call, 0).as<ir::StringImmObj>();
  TILESCALE_CHECK(name, "a foreign function needs a name");
  std::string text = std::string(name->value) + "(" + Args(w, call, 1) + ")";
  return IsNarrowFloat(call->dtype) ? "float(" + text + ")" : text;
}

bool RegisterAll() {
  RegisterCallEmitter("sync_threads", EmitSync);
  RegisterCallEmitter("sync_warp", EmitSyncWarp);
  RegisterCallEmitter("sync_grid", Function("ts::sync_grid"));
  RegisterCallEmitter("named_barrier_arrive", Function("ts::ptx::bar_arrive"));
  RegisterCallEmitter("syncthreads_count", Function("ts::ptx::sync_block_count", "int32_t"));
  RegisterCallEmitter("syncthreads_and", Function("ts::ptx::sync_block_and"));
  RegisterCallEmitter("syncthreads_or", Function("ts::ptx::sync_block_or"));
  RegisterCallEmitter("shfl_sync", Function("ts::shfl_idx"));
  for (const char* name : {"shfl_xor", "shfl_up", "shfl_down"}) {
    RegisterCallEmitter(name, Function("ts::" + std::string(name)));
  }
  RegisterCallEmitter("any_sync", Function("ts::any"));
  RegisterCallEmitter("all_sync", Function("ts::all"));
  RegisterCallEmitter("ballot_sync", EmitBallot);
  RegisterCallEmitter("match_any_sync", Match("match_any"));
  RegisterCallEmitter("match_all_sync", Match("match_all"));
  RegisterCallEmitter("activemask", Function("ts::ptx::active_mask"));
  RegisterCallEmitter("shuffle_elect", [](Writer*, const ir::CallObj*) {
    return std::string("ts::ptx::elect(ts::kAllLanes)");
  });
  RegisterCallEmitter("call_extern", EmitExtern);
  RegisterCallEmitter("call_pure_extern", EmitExtern);
  RegisterCallEmitter("warp_reduce_sum", Reduce("Sum", "redux_add"));
  RegisterCallEmitter("warp_reduce_max", Reduce("Max", "redux_max"));
  RegisterCallEmitter("warp_reduce_min", Reduce("Min", "redux_min"));
  RegisterCallEmitter("warp_reduce_bitand", Reduce("BitAnd", "redux_and"));
  RegisterCallEmitter("warp_reduce_bitor", Reduce("BitOr", "redux_or"));
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
