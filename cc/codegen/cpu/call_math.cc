// Mathematical intrinsics as C. Narrow floating types are computed in float and rounded.
#include <map>

#include "cc/codegen/common/call_emitter.h"
#include "cc/codegen/cpu/writer.h"
#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cpu {
namespace {

// A value computed in float or double, rounded to the call's type.
std::string Rounded(Writer* w, const ir::CallObj* call, const std::string& text) {
  return IsNarrowFloat(call->dtype) ? w->Round(text, ir::dtype::Float(32), call->dtype) : text;
}

// `format`: $0, $1, $2 are arguments, $f is "f" for float and nothing for double.
void Formula(const char* name, const char* format) {
  std::string text = format;
  RegisterCallEmitter(name, [text](Writer* w, const ir::CallObj* call) {
    std::vector<std::pair<char, std::string>> values;
    values.emplace_back('f', call->dtype.bits == 64 ? "" : "f");
    for (size_t i = 0; i < call->args.size(); ++i) {
      values.emplace_back(static_cast<char>('0' + i), Arg(w, call, static_cast<int>(i)));
    }
    return Rounded(w, call, FillTemplate(text, values));
  });
}

// Narrow types: rounded to odd first, so that rounding again is rounding once.
std::string EmitFma(Writer* w, const ir::CallObj* call) {
  std::string arguments =
      "(" + Arg(w, call, 0) + ", " + Arg(w, call, 1) + ", " + Arg(w, call, 2) + ")";
  if (!IsNarrowFloat(call->dtype)) return (call->dtype.bits == 64 ? "fma" : "fmaf") + arguments;
  return w->Round(w->Use("ts_fused_odd") + arguments, ir::dtype::Float(64), call->dtype);
}

// On the CPU the fast forms are the exact ones.
void RegisterFormulas() {
  for (const char* name : {"exp", "log", "log2", "log10", "sin", "cos", "tan"}) {
    Formula(("__" + std::string(name)).c_str(), (std::string(name) + "$f($0)").c_str());
  }
  for (const char* name : {"exp10", "__exp10"}) Formula(name, "pow$f(10.0$f, $0)");
  for (const char* name : {"rsqrt", "ieee_frsqrt"}) Formula(name, "(1.0$f / sqrt$f($0))");
  Formula("fast_rcp", "(1.0$f / $0)");
  RegisterCallEmitter("fma", EmitFma);
}

// Rounded as the attribute says, by one of the helpers of three operands.
void RegisterRounding(const char* name, const char* operation) {
  std::string stem = operation;
  RegisterCallEmitter(name, [stem](Writer* w, const ir::CallObj* call) {
    static const std::map<std::string, std::string> modes = {{"rn", "FE_TONEAREST"},
                                                             {"rz", "FE_TOWARDZERO"},
                                                             {"ru", "FE_UPWARD"},
                                                             {"rd", "FE_DOWNWARD"}};
    const std::string suffix = call->dtype.bits == 64 ? "_f64" : "_f32";
    std::string text =
        w->Use("ts_round_" + stem + suffix) + "(" + modes.at(Attr(call, "rounding_mode", "rn"));
    for (int i = 0; i < 3; ++i) {
      const bool given = i < static_cast<int>(call->args.size());
      text += ", " + (given ? Arg(w, call, i) : "0");
    }
    return Rounded(w, call, text + ")");
  });
}

void RegisterRoundings() {
  RegisterRounding("ieee_add", "add");
  RegisterRounding("ieee_sub", "sub");
  RegisterRounding("ieee_mul", "mul");
  RegisterRounding("ieee_fdiv", "div");
  RegisterRounding("ieee_frcp", "rcp");
  RegisterRounding("ieee_fsqrt", "sqrt");
  RegisterRounding("ieee_fmaf", "fma");
}

// The argument's bits without sign extension, as an unsigned C integer of 32 or 64 bits.
std::string UnsignedBits(Writer* w, const ir::CallObj* call, int bits) {
  std::string x = Arg(w, call, 0);
  if (bits >= 32) return "(uint" + std::to_string(bits) + "_t)" + x;
  return "((uint32_t)" + x + " & " + std::to_string((1 << bits) - 1) + "u)";
}

int ArgBits(const ir::CallObj* call) { return ir::Call::Arg(call, 0).dtype().bits; }

std::string EmitPopcount(Writer* w, const ir::CallObj* call) {
  int bits = ArgBits(call);
  return (bits == 64 ? "__builtin_popcountll(" : "__builtin_popcount(") +
         UnsignedBits(w, call, bits) + ")";
}

// The bit behind the lowest one stops the count at the width.
std::string EmitClz(Writer* w, const ir::CallObj* call) {
  int bits = ArgBits(call);
  std::string x = UnsignedBits(w, call, bits);
  if (bits == 64) return w->Use("ts_clz64") + "(" + x + ")";
  return "(__builtin_clzll((uint64_t)" + x + " << 1 | 1) - " + std::to_string(63 - bits) + ")";
}

void RegisterClass(const char* name, const char* builtin) {
  std::string head = builtin;
  RegisterCallEmitter(name, [head](Writer* w, const ir::CallObj* call) {
    return "(" + head + "(" + Arg(w, call, 0) + ") != 0)";
  });
}

std::string EmitReinterpret(Writer* w, const ir::CallObj* call) {
  ir::Expr value = ir::Call::Arg(call, 0);
  ir::DType from = value.dtype(), to = call->dtype;
  std::string x = w->Expr(value);
  if (IsNarrowFloat(from)) x = w->Use("ts_store_" + Suffix(from)) + "(" + x + ")";
  std::string text = "({ " + w->StorageType(from) + " ts_in = " + x + "; " + w->StorageType(to) +
                     " ts_out; __builtin_memcpy(&ts_out, &ts_in, sizeof(ts_out)); ts_out; })";
  return IsNarrowFloat(to) ? w->Use("ts_load_" + Suffix(to)) + "(" + text + ")" : text;
}

// Four int8, given as an int32 or as the address of the first.
std::string FourBytes(Writer* w, const ir::CallObj* call, int i) {
  std::string text = Arg(w, call, i);
  bool address = ir::dtype::IsHandle(ir::Call::Arg(call, i).dtype());
  return address ? w->Use("ts_load_bytes") + "(" + text + ")" : text;
}

std::string EmitDp4a(Writer* w, const ir::CallObj* call) {
  return w->Use("ts_dp4a") + "(" + FourBytes(w, call, 0) + ", " + FourBytes(w, call, 1) + ", " +
         Arg(w, call, 2) + ")";
}

bool RegisterAll() {
  RegisterFormulas();
  RegisterRoundings();
  RegisterCallEmitter("popcount", EmitPopcount);
  RegisterCallEmitter("clz", EmitClz);
  RegisterClass("isnan", "__builtin_isnan");
  RegisterClass("isinf", "__builtin_isinf");
  RegisterClass("isfinite", "__builtin_isfinite");
  RegisterCallEmitter("reinterpret", EmitReinterpret);
  RegisterCallEmitter("dp4a", EmitDp4a);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cpu
