// The folding constructors. They apply only identities that hold for every value of the type.
#include <cmath>
#include <optional>

#include "cc/ir/expr.h"
#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

using K = BinaryKind;

int64_t Wrap(DType t, uint64_t bits) {
  if (t.bits >= 64) return static_cast<int64_t>(bits);
  uint64_t mask = (uint64_t{1} << t.bits) - 1;
  uint64_t low = bits & mask;
  bool negative = dtype::IsInt(t) && (low >> (t.bits - 1)) != 0;
  return static_cast<int64_t>(negative ? low | ~mask : low);
}

int64_t FloorDivInt(int64_t a, int64_t b) {
  int64_t q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}

// Division of the most negative value by -1 overflows in C; it and division by 0 stay unfolded.
std::optional<int64_t> FoldDivision(K kind, DType t, int64_t a, int64_t b) {
  if (b == 0 || b == -1) return std::nullopt;
  if (dtype::IsUInt(t) && t.bits == 64 && (a < 0 || b < 0)) return std::nullopt;
  switch (kind) {
    case K::kFloorDiv:
      return FloorDivInt(a, b);
    case K::kFloorMod:
      return a - FloorDivInt(a, b) * b;
    case K::kTruncDiv:
      return a / b;
    default:
      return a % b;
  }
}

std::optional<int64_t> FoldShift(K kind, DType t, int64_t a, int64_t b) {
  if (b < 0 || b >= t.bits) return std::nullopt;
  if (kind == K::kShl) return static_cast<int64_t>(static_cast<uint64_t>(a) << b);
  if (dtype::IsUInt(t)) return static_cast<int64_t>(static_cast<uint64_t>(a) >> b);
  return a >> b;
}

bool Less(DType t, int64_t a, int64_t b) {
  if (dtype::IsUInt(t)) return static_cast<uint64_t>(a) < static_cast<uint64_t>(b);
  return a < b;
}

std::optional<bool> FoldCompare(K kind, DType t, int64_t a, int64_t b) {
  switch (kind) {
    case K::kEq:
      return a == b;
    case K::kNe:
      return a != b;
    case K::kLt:
      return Less(t, a, b);
    case K::kLe:
      return !Less(t, b, a);
    case K::kGt:
      return Less(t, b, a);
    case K::kGe:
      return !Less(t, a, b);
    case K::kAnd:
      return a != 0 && b != 0;
    case K::kOr:
      return a != 0 || b != 0;
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> FoldArithmetic(K kind, DType t, int64_t a, int64_t b) {
  auto ua = static_cast<uint64_t>(a);
  auto ub = static_cast<uint64_t>(b);
  switch (kind) {
    case K::kAdd:
      return static_cast<int64_t>(ua + ub);
    case K::kSub:
      return static_cast<int64_t>(ua - ub);
    case K::kMul:
      return static_cast<int64_t>(ua * ub);
    case K::kMin:
      return Less(t, b, a) ? b : a;
    case K::kMax:
      return Less(t, a, b) ? b : a;
    case K::kBitAnd:
      return a & b;
    case K::kBitOr:
      return a | b;
    case K::kBitXor:
      return a ^ b;
    case K::kShl:
    case K::kShr:
      return FoldShift(kind, t, a, b);
    default:
      return FoldDivision(kind, t, a, b);
  }
}

std::optional<Expr> FoldConstants(K kind, const Expr& a, const Expr& b) {
  const int64_t* ia = AsConstInt(a);
  const int64_t* ib = AsConstInt(b);
  if (!ia || !ib || kind == K::kDiv) return std::nullopt;
  if (auto truth = FoldCompare(kind, a.dtype(), *ia, *ib)) return MakeBool(*truth);
  auto value = FoldArithmetic(kind, a.dtype(), *ia, *ib);
  if (!value) return std::nullopt;
  return MakeInt(a.dtype(), Wrap(a.dtype(), static_cast<uint64_t>(*value)));
}

std::optional<Expr> FoldIdentity(K kind, const Expr& a, const Expr& b) {
  bool integral = dtype::IsIntegral(a.dtype());
  switch (kind) {
    case K::kAdd:
      if (IsConstInt(a, 0)) return b;
      if (IsConstInt(b, 0)) return a;
      break;
    case K::kSub:
    case K::kShl:
    case K::kShr:
    case K::kBitOr:
    case K::kBitXor:
      if (IsConstInt(b, 0)) return a;
      break;
    case K::kMul:
      if (IsConstInt(a, 1) || (IsConstInt(b, 0) && integral)) return b;
      if (IsConstInt(b, 1) || (IsConstInt(a, 0) && integral)) return a;
      break;
    case K::kFloorDiv:
    case K::kTruncDiv:
      if (IsConstInt(b, 1)) return a;
      break;
    case K::kFloorMod:
    case K::kTruncMod:
      if (IsConstInt(b, 1)) return MakeInt(a.dtype(), 0);
      break;
    case K::kMin:
    case K::kMax:
      if (a.same_as(b)) return a;
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Expr> FoldLogical(K kind, const Expr& a, const Expr& b) {
  if (!IsLogical(kind)) return std::nullopt;
  int64_t neutral = kind == K::kAnd ? 1 : 0;
  if (const int64_t* left = AsConstInt(a)) return *left == neutral ? b : a;
  if (IsConstInt(b, neutral)) return a;
  return std::nullopt;
}

// Bits of floating-point values have no meaning of their own: `T.reinterpret` gives them one.
void CheckBits(K kind, const Expr& a, const Expr& b) {
  if (kind < K::kBitAnd) return;
  for (const Expr& operand : {a, b}) {
    if (!dtype::IsFloat(operand.dtype())) continue;
    support::UserError("OperandTypeError")
        .Message("`" + std::string(BinarySymbol(kind)) +
                 "` works on bits, but an operand is not an integer")
        .Expected("integer or bool operands")
        .Got(dtype::Name(operand.dtype()))
        .Remedy("convert it with T.cast, or take its bits with T.reinterpret")
        .Throw();
  }
}

DType OperandType(K kind, const Expr& a, const Expr& b) {
  if (IsLogical(kind)) return dtype::Bool();
  DType t = dtype::Promote(a.dtype(), b.dtype());
  bool arithmetic =
      !IsCompare(kind) && kind != K::kBitAnd && kind != K::kBitOr && kind != K::kBitXor;
  return dtype::IsBool(t) && arithmetic ? dtype::Int(32) : t;
}

}  // namespace

Expr MakeInt(DType t, int64_t value) {
  return dtype::IsBool(t) ? MakeBool(value != 0) : IntImm(t, value);
}
Expr MakeBool(bool value) { return IntImm(dtype::Bool(), value ? 1 : 0); }

Expr MakeConst(DType t, double value) {
  if (dtype::IsFloat(t)) return FloatImm(t, value);
  if (dtype::IsBool(t)) return MakeBool(value != 0);
  return MakeInt(t, static_cast<int64_t>(value));
}

Expr MakeCast(DType t, Expr value) {
  if (value.dtype() == t) return value;
  const int64_t* imm = AsConstInt(value);
  if (imm && dtype::IsBool(t)) return MakeBool(*imm != 0);
  if (imm && dtype::IsIntegral(t)) return MakeInt(t, Wrap(t, static_cast<uint64_t>(*imm)));
  bool exact = t.bits == 64 || (imm && std::abs(static_cast<double>(*imm)) <= 2048 && t.bits >= 16);
  bool wide = dtype::IsFloat(t) && exact && t.code == kDLFloat;
  if (imm && wide && !dtype::IsUInt(value.dtype())) {
    return FloatImm(t, static_cast<double>(*imm));
  }
  return Cast(t, std::move(value));
}

Expr MakeBinary(BinaryKind kind, Expr a, Expr b) {
  CheckBits(kind, a, b);
  DType t = OperandType(kind, a, b);
  a = MakeCast(t, std::move(a));
  b = MakeCast(t, std::move(b));
  if (kind == K::kDiv && !dtype::IsFloat(t)) {
    a = MakeCast(dtype::Float(32), std::move(a));
    b = MakeCast(dtype::Float(32), std::move(b));
  }
  if (auto folded = FoldConstants(kind, a, b)) return *folded;
  if (auto folded = FoldIdentity(kind, a, b)) return *folded;
  if (auto folded = FoldLogical(kind, a, b)) return *folded;
  return Binary(kind, std::move(a), std::move(b));
}

Expr MakeNot(Expr a) {
  a = MakeCast(dtype::Bool(), std::move(a));
  if (const int64_t* imm = AsConstInt(a)) return MakeBool(*imm == 0);
  if (const auto* inner = a.as<NotObj>()) return inner->a;
  return Not(std::move(a));
}

Expr MakeSelect(Expr cond, Expr a, Expr b) {
  cond = MakeCast(dtype::Bool(), std::move(cond));
  DType t = dtype::Promote(a.dtype(), b.dtype());
  a = MakeCast(t, std::move(a));
  b = MakeCast(t, std::move(b));
  if (const int64_t* imm = AsConstInt(cond)) return *imm ? a : b;
  return Select(std::move(cond), std::move(a), std::move(b));
}

}  // namespace tilescale::ir
