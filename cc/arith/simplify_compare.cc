#include "cc/arith/simplify_parts.h"

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

BinaryKind Mirrored(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kLt:
      return BinaryKind::kGt;
    case BinaryKind::kLe:
      return BinaryKind::kGe;
    case BinaryKind::kGt:
      return BinaryKind::kLt;
    case BinaryKind::kGe:
      return BinaryKind::kLe;
    default:
      return kind;
  }
}

/// `terms kind bound` divided by the common factor of the terms; nullopt if the factor shows that
/// equality is impossible.
std::optional<Wide> DivideBound(BinaryKind kind, Wide bound, Wide gcd) {
  switch (kind) {
    case BinaryKind::kLt:
    case BinaryKind::kGe:
      return -FloorDiv(-bound, gcd);  // rounded up
    case BinaryKind::kLe:
    case BinaryKind::kGt:
      return FloorDiv(bound, gcd);
    default:
      return bound % gcd == 0 ? std::optional<Wide>(bound / gcd) : std::nullopt;
  }
}

struct Sides {
  Sum left;
  Sum right;
};

/// Positive terms left, the others right; the constant right unless that makes it negative beside
/// other terms.
Sides Separate(const Sum& terms, Wide bound) {
  Sides sides;
  for (const Sum::Term& term : terms.terms()) {
    if (term.coeff > 0) {
      sides.left.AddTerm(term.atoms, term.coeff);
    } else {
      sides.right.AddTerm(term.atoms, -term.coeff);
    }
  }
  bool left = bound < 0 && !sides.right.IsConstant();
  (left ? sides.left : sides.right).AddConstant(left ? -bound : bound);
  return sides;
}

}  // namespace

std::optional<Expr> SimplifyCompare(const Expr& e, Analyzer* analyzer) {
  const auto* compare = e.as<ir::BinaryObj>();
  ir::DType t = compare->a.dtype();
  Sum difference = analyzer->IdealSum(compare->a) - analyzer->IdealSum(compare->b);
  if (!difference.valid()) return std::nullopt;
  Interval truth = Compare(compare->kind, analyzer->FactRange(difference), Interval::Point(0));
  if (truth.IsPoint()) return ir::MakeBool(truth.lo != 0);

  BinaryKind kind = compare->kind;
  if (difference.terms()[0].coeff < 0) {
    bool all_negative = true;
    for (const Sum::Term& term : difference.terms()) all_negative &= term.coeff < 0;
    if (all_negative) {
      difference = difference.Scaled(-1);
      kind = Mirrored(kind);
    }
  }
  Wide gcd = difference.TermGcd();
  auto bound = DivideBound(kind, -difference.constant(), gcd);
  if (!bound) return ir::MakeBool(kind == BinaryKind::kNe);
  Sum terms;
  for (const Sum::Term& term : difference.terms()) terms.AddTerm(term.atoms, term.coeff / gcd);
  Sides sides = Separate(terms, *bound);
  Interval type = Interval::Of(t);
  if (!analyzer->RangeOf(sides.left).Within(type) || !analyzer->RangeOf(sides.right).Within(type)) {
    return std::nullopt;
  }
  const Atoms& atoms = *analyzer->atoms();
  Expr result = ir::MakeBinary(kind, FromSum(sides.left, t, atoms), FromSum(sides.right, t, atoms));
  if (SameExpr(result, e)) return std::nullopt;
  return result;
}

}  // namespace tilescale::arith
