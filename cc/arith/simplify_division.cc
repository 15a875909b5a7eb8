#include <algorithm>
#include <utility>

#include "cc/arith/simplify_parts.h"

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

/// dividend = quotient * divisor + rest
struct Split {
  Sum quotient;
  Sum rest;
};

Split SplitByConstant(const Sum& dividend, Wide divisor) {
  Split split;
  split.quotient.AddConstant(FloorDiv(dividend.constant(), divisor));
  split.rest.AddConstant(FloorMod(dividend.constant(), divisor));
  for (const Sum::Term& term : dividend.terms()) {
    bool whole = term.coeff % divisor == 0;
    Sum* part = whole ? &split.quotient : &split.rest;
    part->AddTerm(term.atoms, whole ? term.coeff / divisor : term.coeff);
  }
  return split;
}

/// For a divisor that is one atom: terms that contain it as a factor.
Split SplitByAtom(const Sum& dividend, int divisor) {
  Split split;
  split.rest.AddConstant(dividend.constant());
  for (const Sum::Term& term : dividend.terms()) {
    std::vector<int> others = term.atoms;
    auto it = std::find(others.begin(), others.end(), divisor);
    if (it == others.end()) {
      split.rest.AddTerm(term.atoms, term.coeff);
      continue;
    }
    others.erase(it);
    if (others.empty()) {
      split.quotient.AddConstant(term.coeff);
    } else {
      split.quotient.AddTerm(others, term.coeff);
    }
  }
  return split;
}

class Divider {
 public:
  Divider(const ir::BinaryObj* node, Analyzer* analyzer)
      : kind_(node->kind), type_(node->a.dtype()), divisor_(node->b), analyzer_(analyzer) {}

  std::optional<Expr> Run(const Expr& dividend) {
    auto constant = ConstValue(divisor_);
    if (constant) return *constant > 1 ? ByConstant(dividend, *constant) : std::nullopt;
    if (analyzer_->Know(divisor_).range.lo <= 0) return std::nullopt;
    Sum sum = analyzer_->IdealSum(dividend);
    Split split = SplitByAtom(sum, analyzer_->atoms()->Intern(divisor_));
    if (split.quotient.IsConstant() && split.quotient.constant() == 0) return std::nullopt;
    return Join(split, divisor_);
  }

 private:
  std::optional<Expr> ByConstant(const Expr& dividend, Wide divisor) {
    Sum sum = analyzer_->IdealSum(dividend);
    if (!sum.valid()) return std::nullopt;
    Split split = SplitByConstant(sum, divisor);
    AlignConstant(&split.rest, divisor);
    bool nothing_left = split.quotient.IsConstant() && split.quotient.constant() == 0;
    if (auto reduced = DivideByGcd(split, divisor)) return reduced;
    if (nothing_left && split.rest.constant() == sum.constant()) return std::nullopt;
    return Join(split, divisor_);
  }

  /// t + k with t = residue (mod m), m a divisor of the divisor: k may be the smallest constant
  /// that gives the same quotient. Only for quotients.
  void AlignConstant(Sum* rest, Wide divisor) {
    if (kind_ != BinaryKind::kFloorDiv) return;
    Congruence known = Congruence::Point(0);
    for (const Sum::Term& term : rest->terms()) {
      Congruence product = Congruence::Point(term.coeff);
      for (int id : term.atoms) product = product * KnowAtom(id);
      known = known + product;
    }
    Wide modulus = Gcd(known.modulus, divisor);
    if (modulus <= 1) return;
    Wide residue = FloorMod(known.residue, modulus);
    Wide aligned = FloorDiv(residue + rest->constant(), modulus) * modulus - residue;
    Sum moved = *rest;
    moved.AddConstant(aligned - rest->constant());
    if (analyzer_->RangeOf(moved).Within(Interval::Of(type_))) *rest = std::move(moved);
  }

  Congruence KnowAtom(int id) { return analyzer_->Know((*analyzer_->atoms())[id]).congruence; }

  /// (g*t) // (g*c) = t // c and (g*t) % (g*c) = g * (t % c).
  std::optional<Expr> DivideByGcd(const Split& split, Wide divisor) {
    Wide gcd = Gcd(Gcd(split.rest.TermGcd(), split.rest.constant()), divisor);
    if (gcd <= 1 || split.rest.IsConstant()) return std::nullopt;
    if (!analyzer_->RangeOf(split.rest).Within(Interval::Of(type_))) return std::nullopt;
    Sum small;
    small.AddConstant(split.rest.constant() / gcd);
    for (const Sum::Term& term : split.rest.terms()) small.AddTerm(term.atoms, term.coeff / gcd);
    Expr part = Operate(small, MakeWide(type_, divisor / gcd));
    if (kind_ == BinaryKind::kFloorMod) return part * MakeWide(type_, gcd);
    return FromSum(split.quotient, type_, *analyzer_->atoms()) + part;
  }

  /// The rest must be computed without overflow, or its quotient is another; the quotient's own
  /// overflow cancels out, because the whole fits.
  std::optional<Expr> Join(const Split& split, const Expr& divisor) {
    if (!split.rest.valid() || !split.quotient.valid()) return std::nullopt;
    if (!analyzer_->RangeOf(split.rest).Within(Interval::Of(type_))) return std::nullopt;
    Expr part = Operate(split.rest, divisor);
    if (kind_ == BinaryKind::kFloorMod) return part;
    return FromSum(split.quotient, type_, *analyzer_->atoms()) + part;
  }

  Expr Operate(const Sum& rest, const Expr& divisor) {
    return ir::MakeBinary(kind_, FromSum(rest, type_, *analyzer_->atoms()), divisor);
  }

  BinaryKind kind_;
  ir::DType type_;
  Expr divisor_;
  Analyzer* analyzer_;
};

}  // namespace

std::optional<Expr> SimplifyDivision(const Expr& e, Analyzer* analyzer) {
  const auto* node = e.as<ir::BinaryObj>();
  return Divider(node, analyzer).Run(node->a);
}

}  // namespace tilescale::arith
