// Thread-level language: barriers, shuffles, votes, reductions of a warp, foreign functions.
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

// All lanes of the warp unless the call says otherwise.
std::string Mask(Writer* w, const ir::CallObj* call, size_t i) {
  if (i >= call->args.size()) return "ts::kAllLanes";
  ir::Expr mask = ir::Call::Arg(call, static_cast<int>(i));
  return ir::dtype::IsUInt(mask.dtype()) ? w->Expr(mask) : "uint32_t(" + w->Expr(mask) + ")";
}

std::string EmitSyncThreads(Writer* w, const ir::CallObj* call) {
  if (call->args.empty()) return "ts::sync_block()";
  std::string count = call->args.size() > 1 ? Arg(w, call, 1) : std::to_string(w->cuda().threads);
  return "ts::ptx::bar_sync(" + Arg(w, call, 0) + ", " + count + ")";
}

std::string EmitArrive(Writer* w, const ir::CallObj* call) {
  std::string count = call->args.size() > 1 ? Arg(w, call, 1) : std::to_string(w->cuda().threads);
  return "ts::ptx::bar_arrive(" + Arg(w, call, 0) + ", " + count + ")";
}

void RegisterPlain(const char* name, const std::string& function) {
  RegisterCallEmitter(name, [function](Writer* w, const ir::CallObj* call) {
    return function + "(" + Args(w, call) + ")";
  });
}

// value, source, width, mask: narrow values travel in a register of the value type.
void RegisterShuffle(const char* name, const std::string& function) {
  RegisterCallEmitter(name, [function](Writer* w, const ir::CallObj* call) {
    std::string text = "ts::" + function + "(" + Arg(w, call, 0) + ", " + Arg(w, call, 1);
    text += ", " + (call->args.size() > 2 ? Arg(w, call, 2) : "32");
    return text + ", " + Mask(w, call, 3) + ")";
  });
}

std::string EmitAny(Writer* w, const ir::CallObj* call) {
  return "ts::any(" + Arg(w, call, 1) + ", uint32_t(" + Arg(w, call, 0) + "))";
}
std::string EmitAll(Writer* w, const ir::CallObj* call) {
  return "ts::all(" + Arg(w, call, 1) + ", uint32_t(" + Arg(w, call, 0) + "))";
}
std::string EmitBallotSync(Writer* w, const ir::CallObj* call) {
  return "ts::ptx::ballot(uint32_t(" + Arg(w, call, 0) + "), " + Arg(w, call, 1) + ")";
}
std::string EmitBallot(Writer* w, const ir::CallObj* call) {
  return "ts::ptx::ballot(ts::kAllLanes, " + Arg(w, call, 0) + ")";
}

void RegisterMatch(const char* name, const std::string& function) {
  RegisterCallEmitter(name, [function](Writer* w, const ir::CallObj* call) {
    ir::DType t = ir::Call::Arg(call, 1).dtype();
    std::string bits = t.bits == 64 ? "uint64_t" : "uint32_t";
    std::string value = Arg(w, call, 1);
    value = ir::dtype::IsFloat(t) ? "ts::bit_cast<" + bits + ">(" + value + ")"
                                  : bits + "(" + value + ")";
    return "ts::ptx::" + function + "(uint32_t(" + Arg(w, call, 0) + "), " + value + ")";
  });
}

// One thread of each group of n: the elected lane of its first warp; n = 0: of each warp.
std::string EmitElect(Writer* w, const ir::CallObj* call) {
  const int64_t* n = ir::AsConstInt(ir::Call::Arg(call, 0));
  std::string elect = "ts::ptx::elect(ts::kAllLanes)";
  if (n && *n == 0) return elect;
  return "(" + w->Name(w->cuda().thread) + " % " + Arg(w, call, 0) + " < 32 && " + elect + ")";
}

void RegisterWarpReduce(const char* name, const std::string& combined) {
  RegisterCallEmitter(name, [combined](Writer* w, const ir::CallObj* call) {
    ir::DType t = call->dtype;
    std::string type = w->ValueType(t);
    std::string text = combined;
    if (combined == "min" || combined == "max") {
      text = w->Function(combined, IsNarrowFloat(t) ? ir::dtype::Float(32) : t, {"a", "b"});
    }
    std::string value = w->Use("warp_reduce") + "(" + type + "(" + Arg(w, call, 0) + "), [](" +
                        type + " a, " + type + " b) { return " + type + "(" + text + "); })";
    return IsNarrowFloat(t) ? w->Round(value, ir::dtype::Float(32), t) : value;
  });
}

std::string EmitExtern(Writer* w, const ir::CallObj* call) {
  const auto* name = ir::Call::Arg(call, 0).as<ir::StringImmObj>();
  TILESCALE_CHECK(name, "a foreign function needs a name");
  std::string text = std::string(name->value) + "(" + Args(w, call, 1) + ")";
  return IsNarrowFloat(call->dtype) ? "float(" + text + ")" : text;
}

bool RegisterAll() {
  RegisterCallEmitter("sync_threads", EmitSyncThreads);
  RegisterCallEmitter("named_barrier_arrive", EmitArrive);
  RegisterPlain("sync_warp", "ts::sync_warp");
  RegisterPlain("sync_grid", "ts::sync_grid");
  RegisterPlain("activemask", "ts::ptx::active_mask");
  RegisterPlain("syncthreads_count", "ts::ptx::sync_block_count");
  RegisterPlain("syncthreads_and", "ts::ptx::sync_block_and");
  RegisterPlain("syncthreads_or", "ts::ptx::sync_block_or");
  RegisterShuffle("shfl_sync", "shfl_idx");
  RegisterShuffle("shfl_xor", "shfl_xor");
  RegisterShuffle("shfl_up", "shfl_up");
  RegisterShuffle("shfl_down", "shfl_down");
  RegisterCallEmitter("any_sync", EmitAny);
  RegisterCallEmitter("all_sync", EmitAll);
  RegisterCallEmitter("ballot_sync", EmitBallotSync);
  RegisterCallEmitter("ballot", EmitBallot);
  RegisterMatch("match_any_sync", "match_any");
  RegisterMatch("match_all_sync", "match_all");
  RegisterCallEmitter("shuffle_elect", EmitElect);
  RegisterWarpReduce("warp_reduce_sum", "a + b");
  RegisterWarpReduce("warp_reduce_max", "max");
  RegisterWarpReduce("warp_reduce_min", "min");
  RegisterWarpReduce("warp_reduce_bitand", "a & b");
  RegisterWarpReduce("warp_reduce_bitor", "a | b");
  RegisterCallEmitter("call_extern", EmitExtern);
  RegisterCallEmitter("call_pure_extern", EmitExtern);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
