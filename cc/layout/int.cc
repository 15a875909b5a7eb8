#include "cc/layout/int.h"

#include <tvm/ffi/error.h>

#include "cc/layout/int_expr.h"

namespace tilescale::layout {

using ir::BinaryKind;
using tvm::ffi::AnyView;

namespace {

[[noreturn]] void ThrowOverflow(const char* op, const Int& a, const Int& b) {
  TVM_FFI_THROW(ValueError) << "layout arithmetic overflows 64 bits: " << a.Value() << " " << op
                            << " " << b.Value();
}

int64_t FloorDivConst(int64_t a, int64_t b) {
  int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

void CheckDivisor(const Int& b) {
  if (b.Is(0)) TVM_FFI_THROW(ValueError) << "layout arithmetic divides by zero";
}

bool BothConst(const Int& a, const Int& b) { return a.IsConst() && b.IsConst(); }

}  // namespace

Int::Int(const ir::Expr& expr) {
  if (!ir::dtype::IsIntegral(expr.dtype())) {
    TVM_FFI_THROW(TypeError) << "a layout integer must have an integer type, got "
                             << ir::dtype::Name(expr.dtype());
  }
  if (const int64_t* value = ir::AsConstInt(expr)) {
    data_ = *value;
  } else {
    data_ = expr;
  }
}

Int Int::FromAny(const AnyView& value) {
  if (auto constant = value.as<int64_t>()) return Int(*constant);
  if (auto expr = value.as<ir::Expr>()) return Int(*expr);
  TVM_FFI_THROW(TypeError) << "a layout integer must be an int or an integer expression, got "
                           << value.GetTypeKey();
}

bool Int::IsConst() const { return data_.type_index() == tvm::ffi::TypeIndex::kTVMFFIInt; }

int64_t Int::Value() const {
  if (IsConst()) return data_.cast<int64_t>();
  TVM_FFI_THROW(ValueError) << "expected a constant, got the expression `" << ToString() << "`";
}

ir::Expr Int::ToExpr(ir::DType dtype) const {
  return IsConst() ? ir::MakeInt(dtype, Value()) : data_.cast<ir::Expr>();
}

std::string Int::ToString() const {
  return IsConst() ? std::to_string(Value()) : ExprText(ToExpr());
}

Int operator+(const Int& a, const Int& b) {
  if (!BothConst(a, b)) return MakeInt(BinaryKind::kAdd, a, b);
  int64_t out;
  if (__builtin_add_overflow(a.Value(), b.Value(), &out)) ThrowOverflow("+", a, b);
  return out;
}

Int operator-(const Int& a, const Int& b) {
  if (!BothConst(a, b)) return MakeInt(BinaryKind::kSub, a, b);
  int64_t out;
  if (__builtin_sub_overflow(a.Value(), b.Value(), &out)) ThrowOverflow("-", a, b);
  return out;
}

Int operator*(const Int& a, const Int& b) {
  if (!BothConst(a, b)) return MakeInt(BinaryKind::kMul, a, b);
  int64_t out;
  if (__builtin_mul_overflow(a.Value(), b.Value(), &out)) ThrowOverflow("*", a, b);
  return out;
}

Int FloorDiv(const Int& a, const Int& b) {
  CheckDivisor(b);
  if (BothConst(a, b)) return FloorDivConst(a.Value(), b.Value());
  if (auto quotient = ExactQuotient(a, b)) return *quotient;
  return MakeInt(BinaryKind::kFloorDiv, a, b);
}

Int FloorMod(const Int& a, const Int& b) {
  CheckDivisor(b);
  if (BothConst(a, b)) return a.Value() - FloorDivConst(a.Value(), b.Value()) * b.Value();
  if (ExactQuotient(a, b)) return 0;
  return MakeInt(BinaryKind::kFloorMod, a, b);
}

Int CeilDiv(const Int& a, const Int& b) {
  if (b.Is(1)) return a;
  if (!BothConst(a, b)) {
    if (auto quotient = ExactQuotient(a, b)) return *quotient;
  }
  return FloorDiv(a + (b - Int(1)), b);
}

Int Abs(const Int& a) { return a.IsConst() && a.Value() < 0 ? Int(0) - a : a; }

Int BitXor(const Int& a, const Int& b) {
  if (BothConst(a, b)) return a.Value() ^ b.Value();
  return MakeInt(BinaryKind::kBitXor, a, b);
}

Int BitAnd(const Int& a, int64_t mask) {
  if (a.IsConst()) return a.Value() & mask;
  return MakeInt(BinaryKind::kBitAnd, a, mask);
}

bool ProvablyEqual(const Int& a, const Int& b) {
  return BothConst(a, b) ? a.Value() == b.Value() : SameExpr(a, b);
}

bool ProvablyDivides(const Int& divisor, const Int& a) {
  if (divisor.Is(1)) return true;
  if (divisor.Is(0)) return false;
  if (BothConst(divisor, a)) return a.Value() % divisor.Value() == 0;
  return ExactQuotient(a, divisor).has_value();
}

}  // namespace tilescale::layout
