// Intrinsics as CUDA C++.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"

namespace tilescale::codegen::cuda {
namespace {

std::string Arg(Writer* w, const ir::CallObj* call, int i) {
  return w->Expr(ir::Call::Arg(call, i));
}

// `format`: $0, $1, $2 are arguments, $f is "f" for float and nothing for double.
void Formula(const std::string& name, const std::string& format) {
  RegisterCallEmitter(name, [format](Writer* w, const ir::CallObj* call) {
    std::string text;
    for (size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '$') {
        text += format[i];
      } else if (format[++i] == 'f') {
        text += call->dtype.bits == 64 ? "" : "f";
      } else {
        text += Arg(w, call, format[i] - '0');
      }
    }
    bool narrow = ir::dtype::IsFloat(call->dtype) && call->dtype.bits < 32;
    return narrow ? w->Round(text, call->dtype) : text;
  });
}

void RegisterFormulas() {
  for (const char* name :
       {"exp",   "exp2",  "exp10",     "log",   "log2",  "log10", "log1p", "sqrt",
        "rsqrt", "sin",   "cos",       "tan",   "sinh",  "cosh",  "tanh",  "asin",
        "acos",  "atan",  "asinh",     "acosh", "atanh", "erf",   "floor", "ceil",
        "trunc", "round", "nearbyint", "rint",  "expm1", "cbrt",  "erfc"}) {
    Formula(name, std::string(name) + "$f($0)");
  }
  for (const char* name : {"pow", "fmod", "hypot", "atan2", "copysign", "fdim"}) {
    Formula(name, std::string(name) + "$f($0, $1)");
  }
  for (const char* name : {"rcp", "fast_rcp", "ieee_frcp"}) Formula(name, "(1.0$f / $0)");
  for (const char* name : {"fma", "ieee_fmaf"}) Formula(name, "fma$f($0, $1, $2)");
  for (const char* name : {"fmul", "ieee_mul"}) Formula(name, "($0 * $1)");
  Formula("sigmoid", "(1.0$f / (1.0$f + exp$f(-$0)))");
  Formula("ieee_add", "($0 + $1)");
  Formula("ieee_sub", "($0 - $1)");
  Formula("ieee_fdiv", "($0 / $1)");
  Formula("ieee_fsqrt", "sqrt$f($0)");
}

std::string EmitAbs(Writer* w, const ir::CallObj* call) {
  ir::DType t = call->dtype;
  std::string x = Arg(w, call, 0);
  if (ir::dtype::IsFloat(t)) return (t.bits == 64 ? "fabs(" : "fabsf(") + x + ")";
  return ir::dtype::IsInt(t)
             ? w->Use("max") + "<" + ValueType(t, w->span()) + ">(" + x + ", -" + x + ")"
             : x;
}

std::string EmitSync(Writer*, const ir::CallObj*) { return "ts::sync_block()"; }

std::string EmitThread(Writer*, const ir::CallObj*) { return "int32_t(threadIdx.x)"; }

std::string EmitShuffle(Writer* w, const ir::CallObj* call) {
  return "ts::shfl_xor(" + Arg(w, call, 0) + ", " + Arg(w, call, 1) + ", " + Arg(w, call, 2) +
         ", " + Arg(w, call, 3) + ")";
}

std::string EmitCopyVector(Writer* w, const ir::CallObj* call) {
  int64_t words = call->attrs.at("bytes").cast<int64_t>() / 4;
  std::string type = "ts::Words<" + std::to_string(words) + ">";
  return "*reinterpret_cast<" + type + "*>(" + Arg(w, call, 0) + ") = *reinterpret_cast<const " +
         type + "*>(" + Arg(w, call, 1) + ")";
}

bool RegisterAll() {
  RegisterFormulas();
  RegisterCallEmitter("abs", EmitAbs);
  RegisterCallEmitter("fabs", EmitAbs);
  RegisterCallEmitter("sync_threads", EmitSync);
  RegisterCallEmitter("get_thread_binding", EmitThread);
  RegisterCallEmitter("shfl_xor", EmitShuffle);
  RegisterCallEmitter("cuda.copy_vector", EmitCopyVector);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
