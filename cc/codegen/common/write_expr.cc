// Expressions in a language like C.
#include <cmath>
#include <cstdio>
#include <map>

#include "cc/codegen/common/writer.h"
#include "cc/ir/span.h"
#include "cc/pass/exact.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen {
namespace {

using K = ir::BinaryKind;

// Integers up to this are exact in the type.
double ExactIntegers(ir::DType t) {
  if (t.code == kDLFloat) return t.bits == 16 ? 2048 : 1 << 24;
  if (t.code == kDLBfloat) return 256;
  return t.code == kDLFloat8_e4m3fn ? 16 : 8;
}

bool IsPowerOfTwo(const ir::Expr& e, int* log2) {
  const int64_t* value = ir::AsConstInt(e);
  if (!value || *value <= 0 || (*value & (*value - 1)) != 0) return false;
  *log2 = __builtin_ctzll(static_cast<uint64_t>(*value));
  return true;
}

const std::map<K, std::string>& Symbols() {
  static const std::map<K, std::string> symbols = {
      {K::kAdd, "+"},  {K::kSub, "-"},  {K::kMul, "*"},    {K::kDiv, "/"},   {K::kEq, "=="},
      {K::kNe, "!="},  {K::kLt, "<"},   {K::kLe, "<="},    {K::kGt, ">"},    {K::kGe, ">="},
      {K::kAnd, "&&"}, {K::kOr, "||"},  {K::kBitAnd, "&"}, {K::kBitOr, "|"}, {K::kBitXor, "^"},
      {K::kShl, "<<"}, {K::kShr, ">>"}, {K::kMin, "&"},    {K::kMax, "|"},
  };
  return symbols;
}

}  // namespace

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
  if (const auto* load = e.as<ir::LoadObj>()) {
    if (load->buffer.IsScope(ir::scope::kVar)) return Name(load->buffer);
    return LoadAt(load->buffer, Offset(load->buffer, load->indices));
  }
  TILESCALE_FAIL("no text for an expression of type " << e->GetTypeKey());
}

std::string Writer::IntConst(const ir::IntImmObj* imm) {
  int64_t v = imm->value;
  if (ir::dtype::IsBool(imm->dtype)) return BoolConst(v != 0);
  if (ir::dtype::IsUInt(imm->dtype)) {
    std::string digits = std::to_string(static_cast<uint64_t>(v));
    return digits + (imm->dtype.bits == 64 ? "ull" : "u");
  }
  // The digits of the most negative numbers alone are out of range.
  if (v == INT64_MIN) return "(-9223372036854775807ll - 1)";
  if (v == INT32_MIN) return "(-2147483647 - 1)";
  std::string digits = std::to_string(v);
  if (v > INT32_MAX || v < INT32_MIN) digits += "ll";
  return v < 0 ? "(" + digits + ")" : digits;
}

std::string Writer::FloatConst(const ir::FloatImmObj* imm) {
  double v = imm->value;
  bool is_double = imm->dtype == ir::dtype::Float(64);
  if (std::isnan(v)) return NonFinite(true, is_double);
  if (std::isinf(v) && !ir::dtype::IsFp8(imm->dtype)) {
    return (v < 0 ? "(-" : "(") + NonFinite(false, is_double) + ")";
  }
  char digits[40];
  std::snprintf(digits, sizeof(digits), "%.17g", v);
  std::string text = digits;
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  if (std::isinf(v)) text = v < 0 ? "-1e30" : "1e30";
  bool exact = !IsNarrowFloat(imm->dtype) ||
               (v == std::floor(v) && std::abs(v) <= ExactIntegers(imm->dtype));
  if (!exact) return Round("(" + text + ")", ir::dtype::Float(64), imm->dtype);
  if (!is_double) text += 'f';
  return v < 0 || std::signbit(v) ? "(" + text + ")" : text;
}

std::string Writer::WrapTo(const std::string& x, ir::DType t) {
  if (!ir::dtype::IsIntegral(t) || t.bits >= 32) return x;
  if (!IsPacked(t)) return Cast(ValueType(t), x);
  std::string low = "((" + x + ") & 15)";
  return Cast(ValueType(t), ir::dtype::IsInt(t) ? "((" + low + " ^ 8) - 8)" : low);
}

std::string Writer::Divide(const ir::BinaryObj* op) {
  ir::DType t = op->dtype;
  std::string a = Expr(op->a);
  int log2 = 0;
  bool by_power = IsPowerOfTwo(op->b, &log2);
  if (by_power && op->kind == K::kFloorDiv) return "(" + a + " >> " + std::to_string(log2) + ")";
  if (by_power && op->kind == K::kFloorMod) {
    std::string mask = std::to_string((uint64_t{1} << log2) - 1);
    return WrapTo("(" + a + " & " + mask + (log2 >= 31 ? "ll)" : ")"), t);
  }
  const int64_t* divisor = ir::AsConstInt(op->b);
  bool plain = divisor && *divisor > 0 &&
               (ir::dtype::IsUInt(t) || op->kind == K::kTruncDiv || op->kind == K::kTruncMod);
  bool modulo = op->kind == K::kFloorMod || op->kind == K::kTruncMod;
  std::string b = Expr(op->b);
  if (plain) return WrapTo("(" + a + (modulo ? " % " : " / ") + b + ")", t);
  return Function(ir::BinaryName(op->kind), t, {a, b});
}

std::string Writer::Binary(const ir::BinaryObj* op) {
  ir::DType operand = op->a.dtype();
  switch (op->kind) {
    case K::kFloorDiv:
    case K::kFloorMod:
    case K::kTruncDiv:
    case K::kTruncMod:
      if (ir::dtype::IsIntegral(operand)) return Divide(op);
      break;
    case K::kMin:
    case K::kMax: {
      if (ir::dtype::IsBool(operand)) break;
      ir::DType t = IsNarrowFloat(operand) ? ir::dtype::Float(32) : operand;
      return Function(ir::BinaryName(op->kind), t, {Expr(op->a), Expr(op->b)});
    }
    default:
      break;
  }
  return BinaryBySymbol(op);
}

std::string Writer::BinaryBySymbol(const ir::BinaryObj* op) {
  ir::DType operand = op->a.dtype();
  if (ir::dtype::IsFloat(operand) && !Symbols().count(op->kind)) return FloatDivide(op);
  std::string a = Expr(op->a);
  // A small constant is an int in C, too narrow to be shifted far.
  if (op->kind == K::kShl && operand.bits == 64) a = Cast(ValueType(operand), a);
  std::string text = "(" + a + " " + Symbols().at(op->kind) + " " + Expr(op->b) + ")";
  if (ir::IsCompare(op->kind) || ir::IsLogical(op->kind)) return text;
  return IsNarrowFloat(op->dtype) ? Round(text, ir::dtype::Float(32), op->dtype)
                                  : WrapTo(text, op->dtype);
}

// Flooring and truncating division of floats: the quotient rounded, and what is left of it.
std::string Writer::FloatDivide(const ir::BinaryObj* op) {
  ir::DType t = op->dtype;
  std::string f = t.bits == 64 ? "" : "f";
  std::string a = Expr(op->a), b = Expr(op->b);
  bool floors = op->kind == K::kFloorDiv || op->kind == K::kFloorMod;
  std::string quotient = (floors ? "floor" : "trunc") + f + "(" + a + " / " + b + ")";
  bool modulo = op->kind == K::kFloorMod || op->kind == K::kTruncMod;
  std::string text = modulo ? "(" + a + " - " + quotient + " * " + b + ")" : quotient;
  return IsNarrowFloat(t) ? Round(text, ir::dtype::Float(32), t) : text;
}

std::string Writer::Convert(const std::string& x, ir::DType from, ir::DType to) {
  if (from == to) return x;
  if (ir::dtype::IsHandle(to)) return PointerCast("void", Cast("int64_t", "(" + x + ")"));
  if (ir::dtype::IsBool(to)) return "(" + x + " != 0)";
  if (!ir::dtype::IsFloat(to)) {
    if (ir::dtype::IsFloat(from)) return FloatToInt(x, from, to);
    if (IsPacked(to)) return WrapTo(x, to);
    return Cast(ValueType(to), ir::dtype::IsHandle(from) ? Cast("int64_t", x) : x);
  }
  if (!IsNarrowFloat(to)) {
    bool same = ValueType(from) == ValueType(to) && ir::dtype::IsFloat(from);
    return same ? x : Cast(ValueType(to), x);
  }
  if (ir::dtype::IsFloat(from)) {
    return Round(x, from.bits == 64 ? from : ir::dtype::Float(32), to);
  }
  ir::DType between = ir::dtype::Float(from.bits <= 16 ? 32 : 64);
  return Round(Cast(ValueType(between), x), between, to);
}

std::vector<ir::Expr> Writer::Strides(const ir::Buffer& buffer) {
  return pass::ExactStrides(buffer);
}

ir::DType Writer::OffsetType(const ir::Buffer&, const ffi::Array<ir::Expr>&) {
  return ir::dtype::Int(64);
}

ir::Expr Writer::Stride(const ir::Buffer& buffer, size_t dimension, ir::DType type) {
  return ir::MakeCast(type, Strides(buffer)[dimension]);
}

std::string Writer::Offset(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) {
  const ir::DType type = OffsetType(buffer, indices);
  ir::Expr offset = ir::MakeInt(type, 0);
  for (size_t i = 0; i < indices.size(); ++i) {
    offset = offset + ir::MakeCast(type, indices[i]) * Stride(buffer, i, type);
  }
  std::string text = Expr(offset);
  bool wrapped = text.size() > 2 && text.front() == '(' && offset.as<ir::BinaryObj>();
  return wrapped ? text.substr(1, text.size() - 2) : text;
}

std::string Writer::Address(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) {
  if (buffer.IsScope(ir::scope::kVar)) return "&" + Name(buffer);
  std::string offset = Offset(buffer, indices);
  if (IsPacked(buffer->dtype) && offset != "0") offset = "(" + offset + ") / 2";
  return offset == "0" ? Name(buffer) : "&" + Name(buffer) + "[" + offset + "]";
}

}  // namespace tilescale::codegen
