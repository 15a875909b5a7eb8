// What a kernel says to the host, as CUDA C++.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

std::string TextOf(const ir::CallObj* call, int i) {
  const auto* text = ir::Call::Arg(call, i).as<ir::StringImmObj>();
  TILESCALE_CHECK(text, call->op << " needs a text");
  return std::string(text->value);
}

// A percent sign begins a conversion.
std::string Percents(const std::string& text) {
  std::string result;
  for (char c : text) result += c == '%' ? std::string("%%") : std::string(1, c);
  return EscapeText(result);
}

// A printf conversion and the matching argument.
std::pair<std::string, std::string> Printed(const std::string& value, ir::DType t) {
  if (ir::dtype::IsFloat(t)) return {t.bits == 64 ? "%.17g" : "%.9g", "double(" + value + ")"};
  if (ir::dtype::IsBool(t)) return {"%s", "(" + value + " ? \"True\" : \"False\")"};
  if (ir::dtype::IsHandle(t)) return {"%p", value};
  if (ir::dtype::IsUInt(t)) return {"%llu", "(unsigned long long)(" + value + ")"};
  return {"%lld", "(long long)(" + value + ")"};
}

std::string EmitPrint(Writer* w, const ir::CallObj* call) {
  const auto indices = call->attrs.at("indices").cast<int64_t>();
  std::string format = "block (%d, %d, %d), thread (%d, %d, %d):";
  std::string arguments =
      ", int(blockIdx.x), int(blockIdx.y), int(blockIdx.z), int(threadIdx.x), int(threadIdx.y), "
      "int(threadIdx.z)";
  std::string label = Percents(TextOf(call, 0));
  if (!label.empty()) format += " " + label;
  for (int64_t i = 1; i < static_cast<int64_t>(call->args.size()); ++i) {
    ir::Expr value = ir::Call::Arg(call, static_cast<int>(i));
    std::string before = i > indices ? (indices > 0 ? "] = " : " ") : i == 1 ? "[" : ", ";
    if (const auto* text = value.as<ir::StringImmObj>()) {
      format += before + Percents(std::string(text->value));
      continue;
    }
    auto [conversion, argument] = Printed(w->Expr(value), value.dtype());
    format += before + conversion;
    arguments += ", " + argument;
  }
  return "ts::ptx::print(\"" + format + "\\n\"" + arguments + ")";
}

// The place is part of the message: the device has no table of places.
std::string EmitAssert(Writer* w, const ir::CallObj* call) {
  std::string message = EscapeText(TextOf(call, 1));
  return "ts::device_assert(" + Arg(w, call, 0) + ", \"" + message + "\")";
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterCallEmitter("cuda.print", EmitPrint),
    RegisterCallEmitter("cuda.assert", EmitAssert),
};

}  // namespace
}  // namespace tilescale::codegen::cuda
