// Mathematical intrinsics that C and CUDA C++ write alike. Narrow floating types are computed in
// float and rounded.
#include "cc/codegen/common/call_emitter.h"

namespace tilescale::codegen {
namespace {

void Register(const std::string& name, const CallEmitter& emit) {
  for (Target target : {Target::kCpu, Target::kCuda}) RegisterCallEmitter(target, name, emit);
}

// A value computed in float or double, rounded to the call's type.
std::string Rounded(Writer* w, const ir::CallObj* call, const std::string& text) {
  return IsNarrowFloat(call->dtype) ? w->Round(text, ir::dtype::Float(32), call->dtype) : text;
}

// `format`: $0, $1, $2 are arguments, $f is "f" for float and nothing for double.
void Formula(const std::string& name, const std::string& format) {
  Register(name, [format](Writer* w, const ir::CallObj* call) {
    std::vector<std::pair<char, std::string>> values;
    values.emplace_back('f', call->dtype.bits == 64 ? "" : "f");
    for (size_t i = 0; i < call->args.size(); ++i) {
      values.emplace_back(static_cast<char>('0' + i), Arg(w, call, static_cast<int>(i)));
    }
    return Rounded(w, call, FillTemplate(format, values));
  });
}

void RegisterFormulas() {
  for (const char* name :
       {"exp",   "exp2", "log",   "log2",  "log10",     "log1p", "sqrt",  "sin",   "cos",   "tan",
        "sinh",  "cosh", "tanh",  "asin",  "acos",      "atan",  "asinh", "acosh", "atanh", "erf",
        "floor", "ceil", "trunc", "round", "nearbyint", "rint",  "expm1", "cbrt",  "erfc"}) {
    Formula(name, std::string(name) + "$f($0)");
  }
  for (const char* name : {"pow", "fmod", "hypot", "atan2", "copysign", "fdim"}) {
    Formula(name, std::string(name) + "$f($0, $1)");
  }
  Formula("rcp", "(1.0$f / $0)");
  Formula("fmul", "($0 * $1)");
  Formula("sigmoid", "(1.0$f / (1.0$f + exp$f(-$0)))");
}

std::string EmitAbs(Writer* w, const ir::CallObj* call) {
  ir::DType t = call->dtype;
  std::string x = Arg(w, call, 0);
  if (ir::dtype::IsFloat(t)) return (t.bits == 64 ? "fabs(" : "fabsf(") + x + ")";
  if (!ir::dtype::IsInt(t)) return x;
  std::string text = w->Function("abs", t, {x});
  return IsPacked(t) ? w->Convert(text, ir::dtype::Int(8), t) : text;
}

std::string EmitClamp(Writer* w, const ir::CallObj* call) {
  ir::DType t = IsNarrowFloat(call->dtype) ? ir::dtype::Float(32) : call->dtype;
  return w->Function("min", t,
                     {w->Function("max", t, {Arg(w, call, 0), Arg(w, call, 1)}), Arg(w, call, 2)});
}

std::string EmitLdexp(Writer* w, const ir::CallObj* call) {
  std::string name = call->dtype.bits == 64 ? "ldexp(" : "ldexpf(";
  return Rounded(w, call, name + Arg(w, call, 0) + ", (int)" + Arg(w, call, 1) + ")");
}

bool RegisterAll() {
  RegisterFormulas();
  Register("abs", EmitAbs);
  Register("fabs", EmitAbs);
  Register("clamp", EmitClamp);
  Register("ldexp", EmitLdexp);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen
