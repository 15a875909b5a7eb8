#include "cc/arith/simplify.h"

#include "cc/arith/rule.h"
#include "cc/arith/simplify_parts.h"

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

/// Every step makes an expression smaller or more canonical; this only stops a mistake.
constexpr int kMaxSteps = 64;

bool IsSum(BinaryKind kind) {
  return kind == BinaryKind::kAdd || kind == BinaryKind::kSub || kind == BinaryKind::kMul ||
         kind == BinaryKind::kShl;
}

class Simplifier {
 public:
  explicit Simplifier(Analyzer* analyzer) : analyzer_(analyzer) {}

  Expr Run(const Expr& e) {
    if (e.as<ir::IntImmObj>() || e.as<ir::FloatImmObj>() || e.as<ir::StringImmObj>()) return e;
    if (const Expr* found = analyzer_->FindSimplified(e)) return *found;
    Expr result = Children(e);
    if (PurityOf(result) != Purity::kEffect) {
      auto step = steps_ < kMaxSteps ? Step(result) : std::nullopt;
      if (step) {
        ++steps_;
        result = Run(*step);
        --steps_;
      }
    }
    analyzer_->RememberSimplified(e, result);
    return result;
  }

 private:
  /// The same node over simplified operands.
  Expr Children(const Expr& e) {
    if (const auto* binary = e.as<ir::BinaryObj>()) {
      if (ir::IsLogical(binary->kind)) return Logical(binary, e);
      return Rebuilt(e, binary, Run(binary->a), Run(binary->b));
    }
    if (const auto* negation = e.as<ir::NotObj>()) {
      Expr a = Run(negation->a);
      return a.same_as(negation->a) ? e : ir::MakeNot(a);
    }
    if (const auto* cast = e.as<ir::CastObj>()) {
      Expr value = Run(cast->value);
      return value.same_as(cast->value) ? e : ir::MakeCast(e.dtype(), value);
    }
    if (const auto* select = e.as<ir::SelectObj>()) return Choice(select, e);
    if (const auto* load = e.as<ir::LoadObj>()) return Element(load, e);
    return e;
  }

  Expr Rebuilt(const Expr& e, const ir::BinaryObj* binary, const Expr& a, const Expr& b) {
    bool same = a.same_as(binary->a) && b.same_as(binary->b);
    return same ? e : ir::MakeBinary(binary->kind, a, b);
  }

  Expr Element(const ir::LoadObj* load, const Expr& e) {
    tvm::ffi::Array<Expr> indices;
    bool same = true;
    for (const Expr& index : load->indices) {
      indices.push_back(Run(index));
      same = same && indices.back().same_as(index);
    }
    return same ? e : Expr(ir::Load(load->buffer, indices));
  }

  /// Simplifies `e` where `cond` holds.
  Expr RunWhere(const Expr& cond, const Expr& e) {
    bool leaf = e.as<ir::VarObj>() || e.as<ir::IntImmObj>() || e.as<ir::FloatImmObj>();
    if (leaf || PurityOf(cond) != Purity::kStable) return Run(e);
    auto scope = analyzer_->With(cond);
    return Run(e);
  }

  Expr Logical(const ir::BinaryObj* binary, const Expr& e) {
    Expr a = Run(binary->a);
    bool both = binary->kind == BinaryKind::kAnd;
    if (auto left = ConstValue(a)) {
      if ((*left != 0) != both) return a;
      return Run(binary->b);
    }
    return Rebuilt(e, binary, a, RunWhere(both ? a : ir::MakeNot(a), binary->b));
  }

  Expr Choice(const ir::SelectObj* select, const Expr& e) {
    Expr cond = Run(select->cond);
    if (auto truth = ConstValue(cond)) return Run(*truth != 0 ? select->a : select->b);
    Expr a = RunWhere(cond, select->a);
    Expr b = RunWhere(ir::MakeNot(cond), select->b);
    bool same = cond.same_as(select->cond) && a.same_as(select->a) && b.same_as(select->b);
    return same ? e : ir::MakeSelect(cond, a, b);
  }

  /// One rewriting of a node whose operands are simplified.
  std::optional<Expr> Step(const Expr& e) {
    if (IsDiscrete(e.dtype()) && !ConstValue(e)) {
      Interval range = analyzer_->Know(e).range;
      if (range.IsPoint()) return MakeWide(e.dtype(), range.lo);
    }
    if (auto result = ApplyRules(e, analyzer_)) return result;
    if (e.as<ir::CastObj>()) return SimplifyCast(e, analyzer_);
    const auto* binary = e.as<ir::BinaryObj>();
    if (!binary) return std::nullopt;
    ir::DType t = binary->a.dtype();
    if (!ir::dtype::IsIntegral(t)) return SimplifyFloat(e);
    return IsDiscrete(t) ? IntegerStep(e, binary->kind) : std::nullopt;
  }

  std::optional<Expr> IntegerStep(const Expr& e, BinaryKind kind) {
    if (IsSum(kind)) return SimplifySum(e, analyzer_);
    if (ir::IsCompare(kind)) return SimplifyCompare(e, analyzer_);
    if (kind == BinaryKind::kFloorDiv || kind == BinaryKind::kFloorMod) {
      return SimplifyDivision(e, analyzer_);
    }
    if (kind == BinaryKind::kMin || kind == BinaryKind::kMax) return SimplifyMinMax(e, analyzer_);
    return std::nullopt;
  }

  Analyzer* analyzer_;
  int steps_ = 0;
};

}  // namespace

Expr Simplify(const Expr& e, Analyzer* analyzer) { return Simplifier(analyzer).Run(e); }

Expr Analyzer::Simplify(const Expr& e) { return arith::Simplify(e, this); }

}  // namespace tilescale::arith
