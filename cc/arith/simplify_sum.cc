#include "cc/arith/simplify_parts.h"

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

const ir::BinaryObj* AsFloorDiv(const Expr& e) {
  const auto* binary = e.as<ir::BinaryObj>();
  return binary && binary->kind == BinaryKind::kFloorDiv ? binary : nullptr;
}

/// k*c * (x // c) + k * (x % c) = k*x, for one quotient in the sum; false if there is none. The
/// divisor is a constant other than 0, and both are defined together.
bool JoinQuotient(Sum* sum, Atoms* atoms) {
  for (const Sum::Term& term : sum->terms()) {
    if (term.atoms.size() != 1) continue;
    const auto* quotient = AsFloorDiv((*atoms)[term.atoms[0]]);
    auto divisor = quotient ? ConstValue(quotient->b) : std::nullopt;
    if (!divisor || *divisor == 0 || term.coeff % *divisor != 0) continue;
    Expr dividend = quotient->a;
    std::vector<int> quotient_atoms = term.atoms;
    Wide quotient_coeff = term.coeff, factor = term.coeff / *divisor;
    int remainder = atoms->Intern(ir::Binary(BinaryKind::kFloorMod, dividend, quotient->b));
    if (sum->CoeffOf({remainder}) == factor) {
      sum->AddTerm(quotient_atoms, -quotient_coeff);
      sum->AddTerm({remainder}, -factor);
      sum->Add(RingSum(dividend, atoms), factor);
      return true;
    }
    int whole = atoms->Intern(dividend);
    if (sum->CoeffOf({whole}) == -factor) {  // k*x - k*c * (x // c) = k * (x % c)
      sum->AddTerm(quotient_atoms, -quotient_coeff);
      sum->AddTerm({whole}, factor);
      sum->AddTerm({remainder}, -factor);
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<Expr> SimplifySum(const Expr& e, Analyzer*) {
  Atoms atoms;
  Sum sum = RingSum(e, &atoms);
  if (!sum.valid()) return std::nullopt;
  while (JoinQuotient(&sum, &atoms)) sum.Reduce(e.dtype().bits);
  Expr result = FromSum(sum, e.dtype(), atoms);
  if (SameExpr(result, e)) return std::nullopt;
  return result;
}

}  // namespace tilescale::arith
