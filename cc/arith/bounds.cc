#include "cc/arith/bounds.h"

#include <algorithm>

namespace tilescale::arith {

using ir::BinaryKind;
using ir::Expr;

namespace {

Knowledge KnowSelect(const Knowledge& cond, const Knowledge& a, const Knowledge& b) {
  if (cond.range.IsPoint()) return cond.range.lo != 0 ? a : b;
  return Union(a, b);
}

}  // namespace

Knowledge Analyzer::KnowNode(const Expr& e) {
  if (auto value = ConstValue(e)) return Knowledge::Point(*value);
  if (const auto* var = e.as<ir::VarObj>()) {
    auto it = facts().vars.find(var);
    return it == facts().vars.end() ? Knowledge::Of(e.dtype()) : it->second;
  }
  if (const auto* binary = e.as<ir::BinaryObj>()) {
    if (!IsDiscrete(binary->a.dtype())) return Knowledge::Of(e.dtype());
    return Apply(binary->kind, binary->a.dtype(), Know(binary->a), Know(binary->b));
  }
  if (const auto* negation = e.as<ir::NotObj>()) {
    return Knowledge{Interval::Point(1) - Know(negation->a).range, {}}.Tightened();
  }
  if (const auto* cast = e.as<ir::CastObj>()) {
    return ApplyCast(cast->value.dtype(), e.dtype(), Know(cast->value));
  }
  if (const auto* select = e.as<ir::SelectObj>()) {
    return KnowSelect(Know(select->cond), Know(select->a), Know(select->b));
  }
  return Knowledge::Of(e.dtype());
}

Knowledge Analyzer::Know(const Expr& e) {
  if (!IsDiscrete(e.dtype())) return Knowledge();
  bool leaf = e.as<ir::VarObj>() || e.as<ir::IntImmObj>();
  if (leaf) return KnowNode(e);
  auto found = levels_.back().known.find(e.get());
  if (found != levels_.back().known.end()) return found->second.second;
  Knowledge result = KnowNode(e);
  if (!facts().terms.empty()) {
    auto term = facts().terms.find(e);
    if (term != facts().terms.end()) result = Intersect(result, term->second);
  }
  levels_.back().known.emplace(e.get(), std::make_pair(e, result));
  return result;
}

Interval Analyzer::RangeOf(const Sum& sum) {
  Interval total = Interval::Point(sum.constant());
  for (const Sum::Term& term : sum.terms()) {
    Interval product = Interval::Point(term.coeff);
    for (int id : term.atoms) product = product * Know(atoms_[id]).range;
    total = total + product;
  }
  return total;
}

namespace {

/// Whether `fact` has the terms of `sum`, times `sign`.
bool SameTerms(const Sum& sum, const Sum& fact, Wide sign) {
  if (sum.terms().size() != fact.terms().size()) return false;
  for (const Sum::Term& term : sum.terms()) {
    if (fact.CoeffOf(term.atoms) != sign * term.coeff) return false;
  }
  return true;
}

}  // namespace

Interval Analyzer::FactRange(const Sum& sum) {
  Interval range = RangeOf(sum);
  for (const Sum& fact : facts().non_negative) {
    Wide shift = sum.constant();
    if (SameTerms(sum, fact, 1)) {  // terms >= -constant of the fact
      range = Intersect(range, {shift - fact.constant(), Interval::All().hi});
    } else if (SameTerms(sum, fact, -1)) {  // terms <= constant of the fact
      range = Intersect(range, {Interval::All().lo, shift + fact.constant()});
    }
  }
  return range;
}

namespace {

/// The sum for `a kind b`, or nullopt if it is not linear arithmetic.
std::optional<Sum> Combine(BinaryKind kind, const Sum& a, const Sum& b, int bits) {
  Sum result = a;
  switch (kind) {
    case BinaryKind::kAdd:
      result.Add(b, 1);
      return result;
    case BinaryKind::kSub:
      result.Add(b, -1);
      return result;
    case BinaryKind::kMul:
      return a.Times(b);
    case BinaryKind::kShl:
      if (!b.IsConstant() || b.constant() < 0 || b.constant() >= bits) return std::nullopt;
      return a.Scaled(Wide{1} << b.constant());
    default:
      return std::nullopt;
  }
}

}  // namespace

Sum Analyzer::IdealSum(const Expr& e) {
  if (auto value = ConstValue(e)) return Sum::Constant(*value);
  const auto* binary = e.as<ir::BinaryObj>();
  bool arithmetic =
      binary && (binary->kind == BinaryKind::kAdd || binary->kind == BinaryKind::kSub ||
                 binary->kind == BinaryKind::kMul || binary->kind == BinaryKind::kShl);
  if (arithmetic) {
    auto sum = Combine(binary->kind, IdealSum(binary->a), IdealSum(binary->b), e.dtype().bits);
    if (sum && sum->valid() && RangeOf(*sum).Within(Interval::Of(e.dtype()))) return *sum;
  }
  const auto* cast = e.as<ir::CastObj>();
  if (cast && ir::dtype::IsIntegral(cast->value.dtype()) && IsDiscrete(cast->value.dtype()) &&
      Know(cast->value).range.Within(Interval::Of(e.dtype()))) {
    return IdealSum(cast->value);
  }
  return Sum::Atom(atoms_.Intern(e));
}

Interval Analyzer::Bounds(const Expr& e) {
  Expr simple = Simplify(e);
  Interval range = Intersect(Know(e).range, Know(simple).range);
  if (!ir::dtype::IsIntegral(e.dtype()) || range.IsPoint()) return range;
  Sum sum = IdealSum(simple);
  Interval proved{LowerBound(sum), -LowerBound(sum.Scaled(-1))};
  return Intersect(range, proved);
}

std::optional<int64_t> Analyzer::ProveAlignment(const Expr& e, int64_t modulus) {
  if (auto residue = Know(e).congruence.Modulo(modulus)) return static_cast<int64_t>(*residue);
  auto residue = Know(Simplify(e)).congruence.Modulo(modulus);
  if (residue) return static_cast<int64_t>(*residue);
  return std::nullopt;
}

namespace {

/// What `e` would be if its last operation did not wrap around.
Interval UnwrappedBounds(const Expr& e, Analyzer* analyzer) {
  const auto* cast = e.as<ir::CastObj>();
  if (cast && IsDiscrete(cast->value.dtype())) return analyzer->Bounds(cast->value);
  const auto* binary = e.as<ir::BinaryObj>();
  if (!binary) return analyzer->Bounds(e);
  bool quotient = binary->kind == BinaryKind::kFloorDiv || binary->kind == BinaryKind::kTruncDiv;
  if (quotient) {
    Interval a = analyzer->Bounds(binary->a), b = analyzer->Bounds(binary->b);
    return binary->kind == BinaryKind::kFloorDiv ? FloorDiv(a, b) : TruncDiv(a, b);
  }
  Sum a = analyzer->IdealSum(binary->a), b = analyzer->IdealSum(binary->b);
  auto sum = Combine(binary->kind, a, b, e.dtype().bits);
  if (!sum) return analyzer->Bounds(e);
  return {analyzer->LowerBound(*sum), -analyzer->LowerBound(sum->Scaled(-1))};
}

}  // namespace

bool FitsIn(const Expr& e, ir::DType t, Analyzer* analyzer) {
  if (ir::dtype::IsIntegral(e.dtype())) {
    Interval exact = UnwrappedBounds(e, analyzer);
    if (!exact.Within(Interval::Of(t)) || !exact.Within(Interval::Of(e.dtype()))) return false;
  }
  if (e.as<ir::LoadObj>() || e.as<ir::CallObj>() || e.as<ir::AddressOfObj>()) return true;
  bool fits = true;
  ForEachChild(e, [&](const Expr& child) { fits = fits && FitsIn(child, t, analyzer); });
  return fits;
}

std::optional<int> IndexWidth(const Expr& e, Analyzer* analyzer) {
  for (int bits : {32, 64}) {
    if (FitsIn(e, ir::dtype::Int(bits), analyzer)) return bits;
  }
  return std::nullopt;
}

}  // namespace tilescale::arith
