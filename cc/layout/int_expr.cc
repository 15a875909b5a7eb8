#include "cc/layout/int_expr.h"

#include <tvm/ffi/extra/dataclass.h>
#include <tvm/ffi/extra/structural_equal.h>

#include "cc/arith/prover.h"

namespace tilescale::layout {

using ir::BinaryKind;
using ir::Expr;

namespace {

Expr Typed(const Int& value, ir::DType dtype) {
  if (!value.IsConst()) return value.ToExpr();
  bool fits =
      value.Value() >= ir::dtype::MinInt(dtype) && value.Value() <= ir::dtype::MaxInt(dtype);
  return ir::MakeInt(fits ? dtype : ir::dtype::Int(64), value.Value());
}

std::string OperandText(const Expr& expr) {
  const auto* binary = expr.as<ir::BinaryObj>();
  bool call = binary && (binary->kind == BinaryKind::kMin || binary->kind == BinaryKind::kMax);
  return binary && !call ? "(" + ExprText(expr) + ")" : ExprText(expr);
}

std::string BinaryText(const ir::BinaryObj* binary) {
  std::string symbol = ir::BinarySymbol(binary->kind);
  if (binary->kind == BinaryKind::kMin || binary->kind == BinaryKind::kMax) {
    return symbol + "(" + ExprText(binary->a) + ", " + ExprText(binary->b) + ")";
  }
  // Products associate to the left without brackets.
  const auto* left = binary->a.as<ir::BinaryObj>();
  bool chain = left && left->kind == binary->kind && binary->kind == BinaryKind::kMul;
  return (chain ? ExprText(binary->a) : OperandText(binary->a)) + symbol + OperandText(binary->b);
}

}  // namespace

Int MakeInt(BinaryKind kind, const Int& a, const Int& b) {
  ir::DType dtype = (a.IsConst() ? b : a).ToExpr().dtype();
  return Int(ir::MakeBinary(kind, Typed(a, dtype), Typed(b, dtype)));
}

bool SameExpr(const Int& a, const Int& b) {
  if (tvm::ffi::StructuralEqual::Equal(a.data(), b.data(), /*map_free_vars=*/false)) return true;
  Expr left = a.ToExpr();
  Expr right = b.ToExpr();
  if (left.dtype() != right.dtype()) return false;
  arith::Analyzer analyzer(/*rlimit=*/0);  // canonical forms only: layouts never ask Z3
  return analyzer.CanProveEqual(left, right);
}

std::optional<Int> ExactQuotient(const Int& a, const Int& b) {
  if (b.Is(0)) return std::nullopt;
  if (a.Is(0)) return Int(0);
  if (b.Is(1)) return a;
  if (SameExpr(a, b)) return Int(1);
  if (a.IsConst() && b.IsConst()) {
    return a.Value() % b.Value() == 0 ? std::make_optional(FloorDiv(a, b)) : std::nullopt;
  }
  if (a.IsConst()) return std::nullopt;
  Expr expr = a.ToExpr();
  const auto* product = expr.as<ir::BinaryObj>();
  if (product == nullptr || product->kind != BinaryKind::kMul) return std::nullopt;
  if (auto quotient = ExactQuotient(Int(product->a), b)) return *quotient * Int(product->b);
  if (auto quotient = ExactQuotient(Int(product->b), b)) return Int(product->a) * *quotient;
  return std::nullopt;
}

std::string ExprText(const Expr& expr) {
  if (const auto* var = expr.as<ir::VarObj>()) return var->name;
  if (const auto* imm = expr.as<ir::IntImmObj>()) return std::to_string(imm->value);
  if (const auto* cast = expr.as<ir::CastObj>()) return ExprText(cast->value);
  if (const auto* binary = expr.as<ir::BinaryObj>()) return BinaryText(binary);
  return tvm::ffi::ReprPrint(expr);
}

}  // namespace tilescale::layout
