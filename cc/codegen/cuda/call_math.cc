// Mathematical intrinsics of CUDA: where the GPU has its own functions.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

std::string Rounded(Writer* w, const ir::CallObj* call, const std::string& text) {
  return IsNarrowFloat(call->dtype) ? w->Round(text, ir::dtype::Float(32), call->dtype) : text;
}

// `format`: $0, $1, $2 are arguments, $f is "f" for float and nothing for double.
std::string Formula(Writer* w, const ir::CallObj* call, const std::string& format) {
  std::vector<std::pair<char, std::string>> values;
  values.emplace_back('f', call->dtype.bits == 64 ? "" : "f");
  for (size_t i = 0; i < call->args.size(); ++i) {
    values.emplace_back(static_cast<char>('0' + i), Arg(w, call, static_cast<int>(i)));
  }
  return Rounded(w, call, FillTemplate(format, values));
}

void Register(const std::string& name, const std::string& format) {
  RegisterCallEmitter(
      name, [format](Writer* w, const ir::CallObj* call) { return Formula(w, call, format); });
}

// Approximations exist for float; double is exact.
void RegisterFast(const std::string& name, const std::string& fast, const std::string& exact) {
  RegisterCallEmitter(name, [fast, exact](Writer* w, const ir::CallObj* call) {
    return Formula(w, call, call->dtype.bits == 64 ? exact : fast);
  });
}

// Rounded as the attribute says.
void RegisterRounding(const std::string& name, const std::string& function) {
  RegisterCallEmitter(name, [name, function](Writer* w, const ir::CallObj* call) {
    std::string mode = Attr(call, "rounding_mode", "rn");
    std::string format = "ts::ptx::" + function + "_" + mode + "($0";
    for (size_t i = 1; i < call->args.size(); ++i) format += ", $" + std::to_string(i);
    return Formula(w, call, format + ")");
  });
}

// The argument's bits without sign extension, as an unsigned integer of 32 or 64 bits.
std::string UnsignedBits(Writer* w, const ir::CallObj* call, int bits) {
  std::string x = Arg(w, call, 0);
  if (bits >= 32) return "uint" + std::to_string(bits) + "_t(" + x + ")";
  return "(uint32_t(" + x + ") & " + std::to_string((1 << bits) - 1) + "u)";
}

std::string EmitPopcount(Writer* w, const ir::CallObj* call) {
  return "ts::ptx::popcount(" + UnsignedBits(w, call, ir::Call::Arg(call, 0).dtype().bits) + ")";
}

std::string EmitClz(Writer* w, const ir::CallObj* call) {
  int bits = ir::Call::Arg(call, 0).dtype().bits;
  std::string text = "ts::ptx::clz(" + UnsignedBits(w, call, bits) + ")";
  return bits >= 32 ? text : "(" + text + " - " + std::to_string(32 - bits) + ")";
}

std::string EmitReinterpret(Writer* w, const ir::CallObj* call) {
  ir::Expr value = ir::Call::Arg(call, 0);
  std::string x = w->StorageType(value.dtype()) + "(" + w->Expr(value) + ")";
  std::string text = "ts::bit_cast<" + w->StorageType(call->dtype) + ">(" + x + ")";
  if (ir::dtype::IsBool(call->dtype)) return "(" + text + " != 0)";
  return IsNarrowFloat(call->dtype) ? "float(" + text + ")" : text;
}

// Four int8, given as an int32 or as the address of the first.
std::string FourBytes(Writer* w, const ir::CallObj* call, int i) {
  std::string text = Arg(w, call, i);
  bool address = ir::dtype::IsHandle(ir::Call::Arg(call, i).dtype());
  return address ? "*" + w->PointerCast("const int32_t", text) : text;
}

std::string EmitDp4a(Writer* w, const ir::CallObj* call) {
  return "ts::ptx::dp4a(" + FourBytes(w, call, 0) + ", " + FourBytes(w, call, 1) + ", " +
         Arg(w, call, 2) + ")";
}

void RegisterClass(const char* name) {
  std::string function = name;
  RegisterCallEmitter(name, [function](Writer* w, const ir::CallObj* call) {
    return "bool(" + function + "(" + Arg(w, call, 0) + "))";
  });
}

bool RegisterAll() {
  Register("exp10", "exp10$f($0)");
  Register("rsqrt", "ts::ptx::rsqrt($0)");
  for (const char* f : {"exp", "log", "log2", "log10", "sin", "cos", "tan"}) {
    std::string name = f;
    RegisterFast("__" + name, "ts::ptx::fast_" + name + "($0)", name + "($0)");
  }
  RegisterFast("__exp10", "ts::ptx::fast_exp10($0)", "pow(10.0, $0)");
  RegisterFast("fast_rcp", "ts::ptx::fast_rcp($0)", "(1.0 / $0)");
  Register("ieee_frsqrt", "ts::ptx::rsqrt($0)");
  for (const char* f : {"add", "sub", "mul"}) RegisterRounding("ieee_" + std::string(f), f);
  RegisterRounding("ieee_fdiv", "div");
  RegisterRounding("ieee_frcp", "rcp");
  RegisterRounding("ieee_fsqrt", "sqrt");
  RegisterRounding("ieee_fmaf", "fma");
  RegisterCallEmitter("popcount", EmitPopcount);
  RegisterCallEmitter("clz", EmitClz);
  RegisterCallEmitter("reinterpret", EmitReinterpret);
  RegisterCallEmitter("dp4a", EmitDp4a);
  for (const char* name : {"isnan", "isinf", "isfinite"}) RegisterClass(name);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
