#include "cc/arith/simplify.h"

#include "cc/arith/wide.h"

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

class Simplifier {
 public:
  explicit Simplifier(Analyzer* analyzer) : analyzer_(analyzer) {}

  Expr Run(const Expr& e) {
    if (e.as<ir::IntImmObj>() || e.as<ir::FloatImmObj>() || e.as<ir::StringImmObj>()) return e;
    if (const Expr* found = analyzer_->FindSimplified(e)) return *found;
    Expr result = Node(e);
    if (PurityOf(result) != Purity::kEffect) result = Fold(result);
    analyzer_->RememberSimplified(e, result);
    return result;
  }

 private:
  Expr Node(const Expr& e) {
    if (const auto* binary = e.as<ir::BinaryObj>()) return Operator(e, binary);
    if (const auto* negation = e.as<ir::NotObj>()) return ir::MakeNot(Run(negation->a));
    if (const auto* cast = e.as<ir::CastObj>()) return ir::MakeCast(e.dtype(), Run(cast->value));
    if (const auto* select = e.as<ir::SelectObj>()) {
      return ir::MakeSelect(Run(select->cond), Run(select->a), Run(select->b));
    }
    return e;
  }

  Expr Operator(const Expr& e, const ir::BinaryObj* binary) {
    Expr a = Run(binary->a), b = Run(binary->b);
    bool same = a.same_as(binary->a) && b.same_as(binary->b);
    Expr result = same ? e : ir::MakeBinary(binary->kind, a, b);
    const auto* rebuilt = result.as<ir::BinaryObj>();
    bool sum = rebuilt && (rebuilt->kind == BinaryKind::kAdd || rebuilt->kind == BinaryKind::kSub ||
                           rebuilt->kind == BinaryKind::kMul);
    if (!sum || !ir::dtype::IsIntegral(e.dtype()) || PurityOf(result) == Purity::kEffect) {
      return result;
    }
    Atoms atoms;
    return FromSum(RingSum(result, &atoms), e.dtype(), atoms);
  }

  /// Replaces an expression whose facts leave one value.
  Expr Fold(const Expr& e) {
    if (!IsDiscrete(e.dtype())) return e;
    Interval range = analyzer_->Know(e).range;
    return range.IsPoint() ? MakeWide(e.dtype(), range.lo) : e;
  }

  Analyzer* analyzer_;
};

}  // namespace

Expr Simplify(const Expr& e, Analyzer* analyzer) { return Simplifier(analyzer).Run(e); }

Expr Analyzer::Simplify(const Expr& e) { return arith::Simplify(e, this); }

}  // namespace tilescale::arith
