#include "cc/layout/int.h"

#include <tvm/ffi/error.h>

#include <limits>

namespace tilescale::layout {

using tvm::ffi::Any;
using tvm::ffi::AnyView;

namespace {

[[noreturn]] void ThrowOverflow(const char* op, int64_t a, int64_t b) {
  TVM_FFI_THROW(ValueError) << "layout arithmetic overflows 64 bits: " << a << " " << op << " " << b;
}

int64_t FloorDivConst(int64_t a, int64_t b) {
  int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

void CheckDivisor(const Int& b) {
  if (b.Is(0)) TVM_FFI_THROW(ValueError) << "layout arithmetic divides by zero";
}

}  // namespace

Int Int::FromAny(const AnyView& value) {
  if (auto constant = value.as<int64_t>()) return Int(*constant);
  TVM_FFI_THROW(TypeError) << "a layout integer must be an int or an integer expression, got "
                           << value.GetTypeKey();
}

bool Int::IsConst() const { return data_.as<int64_t>().has_value(); }

int64_t Int::Value() const {
  if (auto constant = data_.as<int64_t>()) return *constant;
  TVM_FFI_THROW(ValueError) << "expected a constant, got the expression `" << ToString() << "`";
}

std::string Int::ToString() const { return std::to_string(Value()); }

Int operator+(const Int& a, const Int& b) {
  int64_t out;
  if (__builtin_add_overflow(a.Value(), b.Value(), &out)) ThrowOverflow("+", a.Value(), b.Value());
  return out;
}

Int operator-(const Int& a, const Int& b) {
  int64_t out;
  if (__builtin_sub_overflow(a.Value(), b.Value(), &out)) ThrowOverflow("-", a.Value(), b.Value());
  return out;
}

Int operator*(const Int& a, const Int& b) {
  int64_t out;
  if (__builtin_mul_overflow(a.Value(), b.Value(), &out)) ThrowOverflow("*", a.Value(), b.Value());
  return out;
}

Int FloorDiv(const Int& a, const Int& b) {
  CheckDivisor(b);
  return FloorDivConst(a.Value(), b.Value());
}

Int FloorMod(const Int& a, const Int& b) {
  CheckDivisor(b);
  return a.Value() - FloorDivConst(a.Value(), b.Value()) * b.Value();
}

Int CeilDiv(const Int& a, const Int& b) { return FloorDiv(a + b - Int(1), b); }

Int Abs(const Int& a) { return a.IsConst() && a.Value() < 0 ? Int(0) - a : a; }

Int BitXor(const Int& a, const Int& b) { return a.Value() ^ b.Value(); }

Int BitAnd(const Int& a, int64_t mask) { return a.Value() & mask; }

bool ProvablyEqual(const Int& a, const Int& b) { return a.Value() == b.Value(); }

bool ProvablyDivides(const Int& divisor, const Int& a) {
  if (divisor.Is(1)) return true;
  if (divisor.Is(0)) return false;
  return a.Value() % divisor.Value() == 0;
}

}  // namespace tilescale::layout
