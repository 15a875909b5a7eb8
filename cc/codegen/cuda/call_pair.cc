// Operations on pairs as CUDA C++: one instruction where the architecture has it.
#include "cc/codegen/common/call_pair.h"

#include "cc/codegen/cuda/writer.h"
#include "cc/machine/arch.h"

namespace tilescale::codegen::cuda {
namespace {

constexpr int kNever = 1 << 30;

// The first architecture that has the instruction, 80 for sm_80.
int FirstArch(const PairCall& call) {
  const bool order = call.op == "max2" || call.op == "min2";
  if (call.type == "float16") return order ? 80 : 0;
  if (call.type == "bfloat16") return 80;
  return order || call.op == "abs2" ? kNever : 100;
}

std::string Emit(Writer* w, const ir::CallObj* call) {
  const PairCall parts = ParsePairCall(call);
  const int arch = machine::ArchNumber(w->cuda().arch);
  if (arch < FirstArch(parts)) return w->Expr(ExpandPair(call));
  const std::string bits = parts.type.substr(parts.type.find_first_of("123"));
  const std::string type = (parts.type[0] == 'b' ? "bf" : "f") + bits;
  std::string text = "ts::ptx::" + parts.op.substr(0, 3) + "_" + type + "x2(";
  for (size_t i = 0; i < call->args.size(); ++i) {
    text += (i == 0 ? "" : ", ") + Arg(w, call, static_cast<int>(i));
  }
  return text + ")";
}

// Of narrow types rounded once: the instruction on pairs, or the sum rounded to odd.
std::string EmitFma(Writer* w, const ir::CallObj* call) {
  const ir::DType type = call->dtype;
  std::string arguments =
      "(" + Arg(w, call, 0) + ", " + Arg(w, call, 1) + ", " + Arg(w, call, 2) + ")";
  if (!IsNarrowFloat(type)) return (type.bits == 64 ? "fma" : "fmaf") + arguments;
  const int arch = machine::ArchNumber(w->cuda().arch);
  const bool native = type.bits == 16 && (type.code == kDLFloat || arch >= 80);
  if (native) return "ts::fma_" + std::string(type.code == kDLFloat ? "f16" : "bf16") + arguments;
  return w->Round(w->Use("fused_odd") + arguments, ir::dtype::Float(64), type);
}

bool RegisterAll() {
  for (const char* type : {"float16", "bfloat16", "float32"}) {
    for (const char* op : {"add2", "sub2", "mul2", "fma2", "max2", "min2", "abs2"}) {
      RegisterCallEmitter(std::string(op) + "_" + type, Emit);
    }
  }
  return RegisterCallEmitter("fma", EmitFma);
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
