#include "cc/ir/expr_printer.h"

#include <tvm/ffi/extra/json.h>
#include <tvm/ffi/extra/serialization.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "cc/support/diagnostic.h"
#include "cc/support/json.h"

namespace tilescale::ir {
namespace {

std::string FloatText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

bool IsInfix(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kMin:
    case BinaryKind::kMax:
    case BinaryKind::kTruncDiv:
    case BinaryKind::kTruncMod:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::string Quoted(const std::string& text) {
  support::JsonWriter json;
  json.Value(text);
  return json.Text();
}

std::string ExprPrinter::List(const ffi::Array<Expr>& items) {
  std::string text;
  for (const Expr& item : items) text += (text.empty() ? "" : ", ") + Expression(item);
  return text;
}

std::string ExprPrinter::Declaration(const Buffer& buffer) {
  std::string text = Name(buffer) + ": " + dtype::Name(buffer->dtype) + "[" + List(buffer->shape) +
                     "] " + std::string(buffer->scope);
  if (!buffer->strides.empty()) text += " strides [" + List(buffer->strides) + "]";
  return text;
}

std::string ExprPrinter::RegionText(const Region& region) {
  std::string ranges;
  for (size_t i = 0; i < region->mins.size(); ++i) {
    ranges += (i ? ", " : "") + Operand(region->mins[i]) + ":+" + Operand(region->extents[i]);
  }
  if (ranges.empty()) ranges = ":+";  // told from the element of a scalar buffer
  return Name(region->buffer) + "[" + ranges + "]";
}

std::string ExprPrinter::Operand(const Expr& e) {
  bool compound = e.as<NotObj>() != nullptr;
  if (const auto* op = e.as<BinaryObj>()) compound = IsInfix(op->kind);
  std::string text = Expression(e);
  return compound ? "(" + text + ")" : text;
}

std::string ExprPrinter::Constant(const Expr& e) {
  std::string type = dtype::Name(e.dtype());
  if (const auto* imm = e.as<FloatImmObj>()) return type + "(" + FloatText(imm->value) + ")";
  int64_t value = e.as<IntImmObj>()->value;
  if (dtype::IsBool(e.dtype())) return value ? "true" : "false";
  std::string digits = std::to_string(value);
  return e.dtype() == dtype::Int(32) ? digits : type + "(" + digits + ")";
}

std::string ExprPrinter::BinaryText(const BinaryObj* op) {
  std::string symbol = BinarySymbol(op->kind);
  if (IsInfix(op->kind)) return Operand(op->a) + " " + symbol + " " + Operand(op->b);
  return symbol + "(" + Expression(op->a) + ", " + Expression(op->b) + ")";
}

std::string ExprPrinter::CallText(const CallObj* call) {
  std::string args;
  for (const ffi::Any& arg : call->args) args += (args.empty() ? "" : ", ") + Value(arg);
  return "@" + std::string(call->op) + "." + dtype::Name(call->dtype) + "(" + args + ")" +
         Attrs(call->attrs);
}

std::string ExprPrinter::Expression(const Expr& e) {
  if (e.as<IntImmObj>() || e.as<FloatImmObj>()) return Constant(e);
  if (auto var = e.as<Var>()) return Name(*var);
  if (const auto* op = e.as<BinaryObj>()) return BinaryText(op);
  if (const auto* op = e.as<NotObj>()) return "not " + Operand(op->a);
  if (const auto* op = e.as<CastObj>()) {
    return "cast(" + dtype::Name(op->dtype) + ", " + Expression(op->value) + ")";
  }
  if (const auto* op = e.as<SelectObj>()) {
    return "select(" + Expression(op->cond) + ", " + Expression(op->a) + ", " + Expression(op->b) +
           ")";
  }
  if (const auto* op = e.as<LoadObj>()) return Name(op->buffer) + "[" + List(op->indices) + "]";
  if (const auto* op = e.as<AddressOfObj>()) {
    return "&" + Name(op->buffer) + "[" + List(op->indices) + "]";
  }
  if (const auto* op = e.as<StringImmObj>()) return "str(" + Quoted(op->value) + ")";
  const auto* call = e.as<CallObj>();
  TILESCALE_CHECK(call, "cannot print " << e->GetTypeKey());
  return CallText(call);
}

std::string ExprPrinter::MapText(const ffi::Map<ffi::Any, ffi::Any>& map) {
  std::map<std::string, std::string> entries;
  for (const auto& [key, value] : map) entries[Value(key)] = Value(value);
  std::string text;
  for (const auto& [key, value] : entries) text += (text.empty() ? "" : ", ") + key + ": " + value;
  return "{" + text + "}";
}

std::string ExprPrinter::Value(const ffi::Any& value) {
  if (value == nullptr) return "none";
  if (auto e = value.as<Expr>()) return Expression(*e);
  if (auto region = value.as<Region>()) return RegionText(*region);
  if (auto buffer = value.as<Buffer>()) return Name(*buffer);
  if (auto text = value.as<ffi::String>()) return Quoted(*text);
  if (value.type_index() == ffi::TypeIndex::kTVMFFIBool) {
    return value.cast<bool>() ? "#true" : "#false";
  }
  if (value.type_index() == ffi::TypeIndex::kTVMFFIInt) {
    return "#" + std::to_string(value.cast<int64_t>());
  }
  if (auto number = value.as<double>()) return "#float " + FloatText(*number);
  if (auto array = value.as<ffi::Array<ffi::Any>>()) {
    std::string items;
    for (const ffi::Any& item : *array) items += (items.empty() ? "" : ", ") + Value(item);
    return "[" + items + "]";
  }
  if (auto map = value.as<ffi::Map<ffi::Any, ffi::Any>>()) return MapText(*map);
  return "json(" + Quoted(ffi::json::Stringify(ffi::ToJSONGraph(value))) + ")";
}

std::string ExprPrinter::Attrs(const AttrMap& attrs) {
  return attrs.empty() ? "" : " " + Value(attrs);
}

}  // namespace tilescale::ir
