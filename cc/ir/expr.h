#ifndef TILESCALE_CC_IR_EXPR_H_
#define TILESCALE_CC_IR_EXPR_H_

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/map.h>
#include <tvm/ffi/object.h>
#include <tvm/ffi/string.h>

#include "cc/ir/dtype.h"

namespace tilescale::ir {

namespace ffi = tvm::ffi;

/// A value without side effects on control flow. Immutable; compare with StructuralEqual.
/// Only `Call` may have effects, and only where its intrinsic's declaration says so.
class ExprObj : public ffi::Object {
 public:
  DType dtype;

  explicit ExprObj(DType dtype) : dtype(dtype) {}
  static constexpr const uint32_t _type_child_slots = 16;
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO("tilescale.ir.Expr", ExprObj, ffi::Object);
};

class Expr : public ffi::ObjectRef {
 public:
  /// An int32 constant.
  Expr(int value);  // NOLINT(google-explicit-constructor): index arithmetic reads as arithmetic
  explicit Expr(ffi::ObjectPtr<ExprObj> node) : ObjectRef(std::move(node)) {}
  DType dtype() const { return get()->dtype; }

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Expr, ffi::ObjectRef, ExprObj);
};

/// Integer or boolean constant. uint64 values above 2^63 - 1 are kept as their two's complement.
class IntImmObj : public ExprObj {
 public:
  int64_t value;

  IntImmObj(DType dtype, int64_t value) : ExprObj(dtype), value(value) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.IntImm", IntImmObj, ExprObj);
};
class IntImm : public Expr {
 public:
  IntImm(DType dtype, int64_t value) : Expr(ffi::make_object<IntImmObj>(dtype, value)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(IntImm, Expr, IntImmObj);
};

/// Floating constant, held in double precision and rounded to `dtype` where it is used.
class FloatImmObj : public ExprObj {
 public:
  double value;

  FloatImmObj(DType dtype, double value) : ExprObj(dtype), value(value) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.FloatImm", FloatImmObj, ExprObj);
};
class FloatImm : public Expr {
 public:
  FloatImm(DType dtype, double value) : Expr(ffi::make_object<FloatImmObj>(dtype, value)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(FloatImm, Expr, FloatImmObj);
};

/// Text, as an argument of print, assert and foreign calls. dtype is handle.
class StringImmObj : public ExprObj {
 public:
  ffi::String value;

  explicit StringImmObj(ffi::String value) : ExprObj(dtype::Handle()), value(std::move(value)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.StringImm", StringImmObj, ExprObj);
};
class StringImm : public Expr {
 public:
  explicit StringImm(ffi::String value) : Expr(ffi::make_object<StringImmObj>(std::move(value))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(StringImm, Expr, StringImmObj);
};

/// An immutable named scalar: a loop index, a parameter, a bound value. Identity is the object;
/// the name is a hint for printing. Bound exactly once, by the node that declares it.
class VarObj : public ExprObj {
 public:
  ffi::String name;

  VarObj(ffi::String name, DType dtype) : ExprObj(dtype), name(std::move(name)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindFreeVar;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Var", VarObj, ExprObj);
};
class Var : public Expr {
 public:
  Var(ffi::String name, DType dtype) : Expr(ffi::make_object<VarObj>(std::move(name), dtype)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Var, Expr, VarObj);
};

/// Integers wrap in two's complement. `kDiv` is IEEE division of floats only. `kFloorDiv` and
/// `kFloorMod` round towards minus infinity, `kTruncDiv` and `kTruncMod` towards zero; division of
/// an integer by zero has no meaning. `kMin` and `kMax` of floats: if one side is NaN, the other.
/// `kAnd` and `kOr` take booleans and evaluate their right side only if the left decides nothing.
/// Shifts by less than 0 or at least the width have no meaning; `kShr` keeps the sign of signed.
enum class BinaryKind : int64_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kFloorDiv,
  kFloorMod,
  kTruncDiv,
  kTruncMod,
  kMin,
  kMax,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAnd,
  kOr,
  kBitAnd,
  kBitOr,
  kBitXor,
  kShl,
  kShr,
};
inline constexpr int kNumBinaryKinds = static_cast<int>(BinaryKind::kShr) + 1;

/// "add", "floordiv", "lt", ... : the name in text, in Python and in registries.
const char* BinaryName(BinaryKind kind);
/// "+", "//", "<", "min", ...
const char* BinarySymbol(BinaryKind kind);
constexpr bool IsCompare(BinaryKind k) { return k >= BinaryKind::kEq && k <= BinaryKind::kGe; }
constexpr bool IsLogical(BinaryKind k) { return k == BinaryKind::kAnd || k == BinaryKind::kOr; }

/// `a kind b`; both operands have one dtype; comparisons give bool, the others the operands' dtype.
class BinaryObj : public ExprObj {
 public:
  BinaryKind kind;
  Expr a;
  Expr b;

  BinaryObj(DType dtype, BinaryKind kind, Expr a, Expr b)
      : ExprObj(dtype), kind(kind), a(std::move(a)), b(std::move(b)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Binary", BinaryObj, ExprObj);
};
class Binary : public Expr {
 public:
  /// No folding and no promotion: operands must already agree (see `MakeBinary`).
  Binary(BinaryKind kind, Expr a, Expr b);
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Binary, Expr, BinaryObj);
};

/// Logical negation of a boolean.
class NotObj : public ExprObj {
 public:
  Expr a;

  explicit NotObj(Expr a) : ExprObj(dtype::Bool()), a(std::move(a)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Not", NotObj, ExprObj);
};
class Not : public Expr {
 public:
  explicit Not(Expr a) : Expr(ffi::make_object<NotObj>(std::move(a))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Not, Expr, NotObj);
};

/// Conversion to `dtype`. Float to float rounds to nearest even; fp8 saturates to its largest
/// finite value; float to integer truncates and saturates, NaN gives 0; integer to narrower
/// integer wraps; anything to bool is `!= 0`.
class CastObj : public ExprObj {
 public:
  Expr value;

  CastObj(DType dtype, Expr value) : ExprObj(dtype), value(std::move(value)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Cast", CastObj, ExprObj);
};
class Cast : public Expr {
 public:
  Cast(DType dtype, Expr value) : Expr(ffi::make_object<CastObj>(dtype, std::move(value))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Cast, Expr, CastObj);
};

/// `cond ? a : b`; only the chosen side is evaluated, so it may guard a load.
class SelectObj : public ExprObj {
 public:
  Expr cond;
  Expr a;
  Expr b;

  SelectObj(DType dtype, Expr cond, Expr a, Expr b)
      : ExprObj(dtype), cond(std::move(cond)), a(std::move(a)), b(std::move(b)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Select", SelectObj, ExprObj);
};
class Select : public Expr {
 public:
  Select(Expr cond, Expr a, Expr b)
      : Expr(ffi::make_object<SelectObj>(a.dtype(), std::move(cond), a, std::move(b))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Select, Expr, SelectObj);
};

/// An intrinsic or foreign function. What it computes, whether it is pure and what it touches is
/// declared once by name in `cc/ir/intrinsic.h`. Arguments are `Expr`, or `Region` for intrinsics
/// that work on whole tiles (any_of, all_of).
class CallObj : public ExprObj {
 public:
  ffi::String op;
  ffi::Array<ffi::Any> args;
  ffi::Map<ffi::String, ffi::Any> attrs;

  CallObj(DType dtype, ffi::String op, ffi::Array<ffi::Any> args,
          ffi::Map<ffi::String, ffi::Any> attrs)
      : ExprObj(dtype), op(std::move(op)), args(std::move(args)), attrs(std::move(attrs)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Call", CallObj, ExprObj);
};
class Call : public Expr {
 public:
  Call(DType dtype, ffi::String op, ffi::Array<ffi::Any> args,
       ffi::Map<ffi::String, ffi::Any> attrs = {})
      : Expr(ffi::make_object<CallObj>(dtype, std::move(op), std::move(args), std::move(attrs))) {}
  /// The argument as an expression; an internal error if it is a region.
  static Expr Arg(const CallObj* call, int i);
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Call, Expr, CallObj);
};

// ---- Constructors that fold constants, apply identities (x + 0, x * 1, x * 0 of integers) and
// ---- promote operands to one type. Passes and the front end build expressions with these.

Expr MakeInt(DType dtype, int64_t value);
/// A constant of any numeric type.
Expr MakeConst(DType dtype, double value);
Expr MakeBool(bool value);
Expr MakeBinary(BinaryKind kind, Expr a, Expr b);
Expr MakeNot(Expr a);
Expr MakeCast(DType dtype, Expr value);
Expr MakeSelect(Expr cond, Expr a, Expr b);

inline Expr operator+(Expr a, Expr b) { return MakeBinary(BinaryKind::kAdd, a, b); }
inline Expr operator-(Expr a, Expr b) { return MakeBinary(BinaryKind::kSub, a, b); }
inline Expr operator*(Expr a, Expr b) { return MakeBinary(BinaryKind::kMul, a, b); }
inline Expr operator<(Expr a, Expr b) { return MakeBinary(BinaryKind::kLt, a, b); }
inline Expr operator<=(Expr a, Expr b) { return MakeBinary(BinaryKind::kLe, a, b); }
inline Expr operator>(Expr a, Expr b) { return MakeBinary(BinaryKind::kGt, a, b); }
inline Expr operator>=(Expr a, Expr b) { return MakeBinary(BinaryKind::kGe, a, b); }
inline Expr operator&&(Expr a, Expr b) { return MakeBinary(BinaryKind::kAnd, a, b); }
inline Expr operator||(Expr a, Expr b) { return MakeBinary(BinaryKind::kOr, a, b); }
inline Expr Equal(Expr a, Expr b) { return MakeBinary(BinaryKind::kEq, a, b); }
inline Expr FloorDiv(Expr a, Expr b) { return MakeBinary(BinaryKind::kFloorDiv, a, b); }
inline Expr FloorMod(Expr a, Expr b) { return MakeBinary(BinaryKind::kFloorMod, a, b); }
inline Expr Min(Expr a, Expr b) { return MakeBinary(BinaryKind::kMin, a, b); }
inline Expr Max(Expr a, Expr b) { return MakeBinary(BinaryKind::kMax, a, b); }
inline Expr CeilDiv(Expr a, Expr b) { return FloorDiv(a + b - 1, b); }

/// The value of an integer constant, or null.
const int64_t* AsConstInt(const Expr& e);
bool IsConstInt(const Expr& e, int64_t value);

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_EXPR_H_
