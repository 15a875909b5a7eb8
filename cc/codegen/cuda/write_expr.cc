// Expressions as CUDA C++.
#include <cmath>
#include <cstdio>

#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"
#include "cc/pass/exact.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

using K = ir::BinaryKind;

std::map<std::string, CallEmitter>& Emitters() {
  static std::map<std::string, CallEmitter> emitters;
  return emitters;
}

bool IsNarrow(ir::DType t) { return ir::dtype::IsFloat(t) && t.bits < 32; }

// The type's limits as floating constants, one past the largest value.
std::string Limits(ir::DType t) {
  bool is_signed = ir::dtype::IsInt(t);
  int bits = is_signed ? t.bits - 1 : t.bits;
  std::string high = std::to_string(std::ldexp(1.0, bits));
  return (is_signed ? "-" + high : "0.0") + ", " + high;
}

const char* Symbol(K kind) {
  static const std::map<K, const char*> symbols = {
      {K::kAdd, "+"},   {K::kSub, "-"},    {K::kMul, "*"},  {K::kDiv, "/"},  {K::kTruncDiv, "/"},
      {K::kEq, "=="},   {K::kNe, "!="},    {K::kLt, "<"},   {K::kLe, "<="},  {K::kTruncMod, "%"},
      {K::kGt, ">"},    {K::kGe, ">="},    {K::kAnd, "&&"}, {K::kOr, "||"},  {K::kBitAnd, "&"},
      {K::kBitOr, "|"}, {K::kBitXor, "^"}, {K::kShl, "<<"}, {K::kShr, ">>"}, {K::kMin, "&"},
      {K::kMax, "|"},
  };
  return symbols.at(kind);
}

}  // namespace

bool RegisterCallEmitter(const std::string& intrinsic, CallEmitter emit) {
  bool added = Emitters().emplace(intrinsic, std::move(emit)).second;
  TILESCALE_CHECK(added, "the emitter of " << intrinsic << " is registered twice");
  return true;
}

const CallEmitter* FindCallEmitter(const std::string& intrinsic) {
  auto it = Emitters().find(intrinsic);
  return it == Emitters().end() ? nullptr : &it->second;
}

void ThrowNotOnTarget(const std::string& what, const ir::Span& span) {
  support::UserError("IntrinsicNotOnTargetError")
      .Message("`" + what + "` is not available on the CUDA target")
      .Expected("what the CUDA target has")
      .Got(what)
      .Remedy("use something else, or compile for the CPU target")
      .At(ir::ToLocation(span))
      .Throw();
}

std::string StorageType(ir::DType t, const ir::Span& span) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t)) return "uint8_t";
  if (!ir::dtype::IsFloat(t) && t.bits >= 8) return ValueType(t, span);
  if (t.code == kDLBfloat) return "ts::bfloat16_t";
  if (t.code == kDLFloat8_e4m3fn) return "ts::fp8_e4m3_t";
  if (t.code == kDLFloat8_e5m2) return "ts::fp8_e5m2_t";
  if (t.code == kDLFloat) return t.bits == 16 ? "ts::half_t" : ValueType(t, span);
  ThrowNotOnTarget(ir::dtype::Name(t), span);
}

std::string ValueType(ir::DType t, const ir::Span& span) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t)) return "bool";
  if (ir::dtype::IsFloat(t)) return t.bits == 64 ? "double" : "float";
  if (t.bits < 8) ThrowNotOnTarget(ir::dtype::Name(t), span);
  return (ir::dtype::IsInt(t) ? "int" : "uint") + std::to_string(t.bits) + "_t";
}

std::string Writer::Expr(const ir::Expr& e) {
  if (const auto* imm = e.as<ir::IntImmObj>()) return IntConst(imm);
  if (const auto* imm = e.as<ir::FloatImmObj>()) return FloatConst(imm);
  if (auto var = e.as<ir::Var>()) return Name(*var);
  if (const auto* op = e.as<ir::BinaryObj>()) return Binary(op);
  if (const auto* op = e.as<ir::NotObj>()) return "!" + Expr(op->a);
  if (const auto* op = e.as<ir::CastObj>()) {
    return Convert(Expr(op->value), op->value.dtype(), op->dtype);
  }
  if (const auto* op = e.as<ir::SelectObj>()) {
    return "(" + Expr(op->cond) + " ? " + Expr(op->a) + " : " + Expr(op->b) + ")";
  }
  if (const auto* op = e.as<ir::CallObj>()) return Call(op);
  if (const auto* op = e.as<ir::AddressOfObj>()) return Address(op->buffer, op->indices);
  const auto* load = e.as<ir::LoadObj>();
  TILESCALE_CHECK(load, "no CUDA C++ for an expression of type " << e->GetTypeKey());
  if (load->buffer.IsScope(ir::scope::kVar)) return Name(load->buffer);
  std::string element = Name(load->buffer) + "[" + Offset(load->buffer, load->indices) + "]";
  if (ir::dtype::IsBool(load->dtype)) return "(" + element + " != 0)";
  return IsNarrow(load->dtype) ? "float(" + element + ")" : element;
}

std::string Writer::IntConst(const ir::IntImmObj* imm) {
  int64_t v = imm->value;
  if (ir::dtype::IsBool(imm->dtype)) return v != 0 ? "true" : "false";
  if (ir::dtype::IsUInt(imm->dtype)) {
    return std::to_string(static_cast<uint64_t>(v)) + (imm->dtype.bits == 64 ? "ull" : "u");
  }
  if (v == INT64_MIN) return "(-9223372036854775807ll - 1)";
  if (v == INT32_MIN) return "(-2147483647 - 1)";
  std::string digits = std::to_string(v);
  if (imm->dtype.bits == 64 && (v > INT32_MAX || v < INT32_MIN)) digits += "ll";
  return v < 0 ? "(" + digits + ")" : digits;
}

std::string Writer::FloatConst(const ir::FloatImmObj* imm) {
  double v = imm->value;
  bool is_double = imm->dtype == ir::dtype::Float(64);
  std::string suffix = is_double ? "" : "f";
  std::string text;
  // The headers of a GPU compiler without a host have no names for these.
  if (std::isnan(v) || std::isinf(v)) {
    std::string bits = is_double
                           ? (std::isnan(v) ? "0x7ff8000000000000ull" : "0x7ff0000000000000ull")
                           : (std::isnan(v) ? "0x7fc00000u" : "0x7f800000u");
    text = std::string("ts::bit_cast<") + (is_double ? "double" : "float") + ">(" + bits + ")";
    if (v < 0) text = "(-" + text + ")";
  } else {
    char digits[40];
    std::snprintf(digits, sizeof(digits), "%.17g", v);
    text = digits;
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    text += suffix;
    if (std::signbit(v)) text = "(" + text + ")";
  }
  bool exact = std::isnan(v) || (v == std::floor(v) && std::abs(v) <= 16) ||
               (std::isinf(v) && imm->dtype.bits >= 16);
  return IsNarrow(imm->dtype) && !exact ? Round(text, imm->dtype) : text;
}

std::string Writer::Binary(const ir::BinaryObj* op) {
  ir::DType t = op->a.dtype();
  std::string a = Expr(op->a), b = Expr(op->b);
  const int64_t* divisor = ir::AsConstInt(op->b);
  bool floors = op->kind == K::kFloorDiv || op->kind == K::kFloorMod;
  bool modulo = op->kind == K::kFloorMod || op->kind == K::kTruncMod;
  std::string text;
  if ((op->kind == K::kMin || op->kind == K::kMax) && !ir::dtype::IsBool(t)) {
    std::string name = op->kind == K::kMin ? "min" : "max";
    if (ir::dtype::IsFloat(t)) return "f" + name + (t.bits == 64 ? "(" : "f(") + a + ", " + b + ")";
    return Use(name) + "<" + ValueType(t, span_) + ">(" + a + ", " + b + ")";
  }
  if (ir::dtype::IsFloat(t) && (floors || modulo || op->kind == K::kTruncDiv)) {
    std::string f = t.bits == 64 ? "" : "f";
    text = (floors ? "floor" : "trunc") + f + "(" + a + " / " + b + ")";
    if (modulo) text = "(" + a + " - " + text + " * " + b + ")";
    return IsNarrow(t) ? Round(text, t) : text;
  }
  if (floors && ir::dtype::IsInt(t)) {
    bool power = divisor && *divisor > 0 && (*divisor & (*divisor - 1)) == 0;
    if (power && modulo) {
      text = "(" + a + " & " + std::to_string(*divisor - 1) + ")";
    } else if (power) {
      text = "(" + a + " >> " + std::to_string(__builtin_ctzll(*divisor)) + ")";
    } else {
      text = Use(modulo ? "floormod" : "floordiv") + "<" + ValueType(t, span_) + ">(" + a + ", " +
             b + ")";
    }
  } else {
    const char* symbol = modulo ? "%" : op->kind == K::kFloorDiv ? "/" : Symbol(op->kind);
    if (op->kind == K::kShl && t.bits == 64) a = ValueType(t, span_) + "(" + a + ")";
    text = "(" + a + " " + symbol + " " + b + ")";
  }
  if (ir::IsCompare(op->kind) || ir::IsLogical(op->kind)) return text;
  if (IsNarrow(t)) return Round(text, t);
  bool wraps = ir::dtype::IsIntegral(t) && t.bits < 32;
  return wraps ? ValueType(t, span_) + text : text;
}

std::string Writer::Round(const std::string& x, ir::DType to) {
  return "float(" + StorageType(to, span_) + "(" + x + "))";
}

std::string Writer::Convert(const std::string& x, ir::DType from, ir::DType to) {
  if (from == to) return x;
  if (ir::dtype::IsBool(to)) return "(" + x + " != 0)";
  std::string type = ValueType(to, span_);
  if (ir::dtype::IsFloat(to)) {
    bool same = ir::dtype::IsFloat(from) && ValueType(from, span_) == type;
    std::string value = same ? x : type + "(" + x + ")";
    return IsNarrow(to) ? Round(value, to) : value;
  }
  if (ir::dtype::IsFloat(from)) {
    return Use("saturate") + "<" + type + ">(" + x + ", " + Limits(to) + ")";
  }
  return type + "(" + x + ")";
}

std::string Writer::Offset(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) {
  std::vector<ir::Expr> strides = pass::ExactStrides(buffer);
  ir::Expr offset = ir::MakeInt(ir::dtype::Int(64), 0);
  for (size_t i = 0; i < indices.size(); ++i) {
    offset = offset + ir::MakeCast(ir::dtype::Int(64), indices[i]) * strides[i];
  }
  std::string text = Expr(offset);
  bool wrapped = text.size() > 2 && text.front() == '(' && offset.as<ir::BinaryObj>();
  return wrapped ? text.substr(1, text.size() - 2) : text;
}

std::string Writer::Address(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) {
  return "&" + Name(buffer) + (indices.empty() ? "" : "[" + Offset(buffer, indices) + "]");
}

std::string Writer::Call(const ir::CallObj* call) {
  std::string name(call->op);
  const CallEmitter* emit = FindCallEmitter(name);
  if (!emit) ThrowNotOnTarget("T." + name, span_);
  return (*emit)(this, call);
}

}  // namespace tilescale::codegen::cuda
