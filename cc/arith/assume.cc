// How facts enter the analyzer.
#include <algorithm>

#include "cc/arith/prover.h"

namespace tilescale::arith {

using ir::BinaryKind;
using ir::Expr;

void Analyzer::Changed() {
  levels_.back().known.clear();
  levels_.back().simplified.clear();
}

namespace {

/// Kinds of events that change what is known.
enum Event { kBind, kBindValue, kValue, kLoopVar, kLoopMin, kLoopExtent, kLoopStep, kAssume };

}  // namespace

void Analyzer::Advance(int kind, const Expr& e, const Interval& range) {
  Facts& now = *Edit();
  auto next = static_cast<int64_t>(states_.size()) + 1;
  now.state =
      states_.emplace(std::make_tuple(now.state, kind, atoms_.Intern(e), range.lo, range.hi), next)
          .first->second;
}

Analyzer::Scope Analyzer::Enter() {
  Level level;
  level.facts = levels_.back().facts;
  levels_.push_back(std::move(level));
  return Scope(this);
}

Facts* Analyzer::Edit() {
  auto& shared = levels_.back().facts;
  if (shared.use_count() > 1) shared = std::make_shared<Facts>(*shared);
  // Every Facts is made as a non-const object, and this is its only owner.
  return const_cast<Facts*>(shared.get());
}

void Analyzer::Leave() { levels_.pop_back(); }

Analyzer::Scope Analyzer::With(const Expr& cond) {
  Scope scope = Enter();
  Assume(cond);
  return scope;
}

void Analyzer::Bind(const ir::Var& var, const Interval& range) {
  Advance(kBind, var, range);
  Facts& now = *Edit();
  now.Forget(var, atoms_);
  now.vars[var.get()] = Intersect(Knowledge::Of(var.dtype()), Knowledge{range, {}}).Tightened();
  Changed();
}

void Analyzer::BindValue(const ir::Var& var, const Expr& value) {
  Advance(kBindValue, var);
  Advance(kValue, value);
  bool discrete = IsDiscrete(var.dtype());
  Expr simple = discrete ? Simplify(value) : value;
  Knowledge knowledge = Know(simple);
  Edit()->Forget(var, atoms_);
  Changed();
  if (!discrete) return;
  Edit()->vars[var.get()] = knowledge;
  if (PurityOf(simple) == Purity::kStable) AddFact(Equal(var, simple));
}

void Analyzer::BindLoop(const ir::Var& var, const Expr& min, const Expr& extent, const Expr& step) {
  Advance(kLoopVar, var);
  Advance(kLoopMin, min);
  Advance(kLoopExtent, extent);
  Advance(kLoopStep, step);
  Edit()->Forget(var, atoms_);
  Changed();
  Assume(extent >= MakeWide(extent.dtype(), 1));
  auto stride = ConstValue(step);
  Interval last_index = Bounds(extent) - Interval::Point(1);
  last_index.lo = 0;
  Interval steps = last_index * Know(step).range;
  Interval range = Bounds(min) + Union(Interval::Point(0), steps);
  if (!range.Within(Interval::Of(var.dtype()))) return;
  Edit()->vars[var.get()] = Knowledge{range, {}}.Tightened();
  Changed();
  if (!stride || *stride == 0) return;
  if (auto start = ConstValue(min)) {
    Narrow(var, {Interval::All(), Congruence::Of(*stride < 0 ? -*stride : *stride, *start)});
  }
  // 0 <= (var - min) / step <= extent - 1
  Sum distance = IdealSum(var) - IdealSum(Simplify(min));
  Wide sign = *stride > 0 ? 1 : -1;
  AddNonNegative(distance.Scaled(sign));
  Sum room = IdealSum(Simplify(extent)).Scaled(*stride * sign);
  room.AddConstant(-*stride * sign);
  AddNonNegative(room - distance.Scaled(sign));
}

void Analyzer::Assume(const Expr& cond) {
  Advance(kAssume, cond);
  AddFact(Simplify(cond));
}

namespace {

/// The fact as "sum >= 0" for a comparison of sums; `kEq` gives two.
std::vector<Sum> NonNegativeSums(BinaryKind kind, const Sum& a, const Sum& b) {
  Sum up = b - a, down = a - b;
  switch (kind) {
    case BinaryKind::kLt:
      up.AddConstant(-1);
      return {up};
    case BinaryKind::kLe:
      return {up};
    case BinaryKind::kGt:
      down.AddConstant(-1);
      return {down};
    case BinaryKind::kGe:
      return {down};
    case BinaryKind::kEq:
      return {up, down};
    default:
      return {};
  }
}

}  // namespace

void Analyzer::AddFact(const Expr& cond) {
  if (PurityOf(cond) != Purity::kStable || ConstValue(cond)) return;
  const auto* binary = cond.as<ir::BinaryObj>();
  if (binary && binary->kind == BinaryKind::kAnd) {
    AddFact(binary->a);
    AddFact(binary->b);
    return;
  }
  if (binary && ir::IsCompare(binary->kind) && ir::dtype::IsIntegral(binary->a.dtype()) &&
      IsDiscrete(binary->a.dtype()) && AddCompare(binary)) {
    return;
  }
  Edit()->conditions.push_back(cond);
  Changed();
  if (const auto* negation = cond.as<ir::NotObj>()) {
    Narrow(negation->a, Knowledge::Point(0));
  } else {
    Narrow(cond, Knowledge::Point(1));
  }
}

/// Returns false if the sums do not say all of it.
bool Analyzer::AddCompare(const ir::BinaryObj* compare) {
  Sum a = IdealSum(compare->a), b = IdealSum(compare->b);
  std::vector<Sum> sums = NonNegativeSums(compare->kind, a, b);
  bool complete = !sums.empty();
  for (const Sum& sum : sums) complete = complete && sum.valid();
  for (const Sum& sum : sums) AddNonNegative(sum);
  if (compare->kind == BinaryKind::kEq) AddRemainder(compare->a, compare->b);
  if (compare->kind == BinaryKind::kNe) AddDifference(a - b);
  return complete;
}

/// From `sum` != 0: a range that ends where the sum would be 0 ends before.
void Analyzer::AddDifference(const Sum& sum) {
  if (!sum.valid() || sum.terms().size() != 1) return;
  const Sum::Term& term = sum.terms()[0];
  if (term.atoms.size() != 1 || FloorMod(sum.constant(), term.coeff) != 0) return;
  Wide hole = -FloorDiv(sum.constant(), term.coeff);
  Expr atom = atoms_[term.atoms[0]];
  Interval range = Know(atom).range;
  if (range.IsPoint()) return;
  if (range.lo == hole) ++range.lo;
  if (range.hi == hole) --range.hi;
  Narrow(atom, {range, {}});
}

/// From `dividend mod divisor == residue`.
void Analyzer::AddRemainder(const Expr& dividend_mod, const Expr& residue) {
  auto right = ConstValue(residue);
  const auto* left = dividend_mod.as<ir::BinaryObj>();
  if (!right || !left) return;
  bool modulo =
      left->kind == BinaryKind::kFloorMod || (left->kind == BinaryKind::kTruncMod && *right == 0);
  auto divisor = ConstValue(left->b);
  if (!modulo || !divisor || *divisor <= 0) return;
  Narrow(left->a, {Interval::All(), Congruence::Of(*divisor, *right)});
  Sum dividend = IdealSum(left->a);
  if (dividend.terms().size() != 1) return;
  const Sum::Term& term = dividend.terms()[0];
  if (term.atoms.size() != 1 || term.coeff != 1) return;
  Narrow(atoms_[term.atoms[0]],
         {Interval::All(), Congruence::Of(*divisor, *right - dividend.constant())});
}

void Analyzer::AddNonNegative(const Sum& sum) {
  if (!sum.valid() || sum.IsConstant()) return;
  Edit()->non_negative.push_back(sum);
  for (const Sum::Term& term : sum.terms()) {
    if (term.atoms.size() != 1) continue;
    Sum rest = sum;
    rest.AddTerm(term.atoms, -term.coeff);
    Wide most = RangeOf(rest).hi;  // coeff * atom >= -most
    if (most >= Interval::All().hi) continue;
    Interval range = Interval::All();
    if (term.coeff > 0) {
      range.lo = -FloorDiv(most, term.coeff);
    } else {
      range.hi = FloorDiv(most, -term.coeff);
    }
    Narrow(atoms_[term.atoms[0]], {range, {}});
  }
}

void Analyzer::Narrow(const Expr& e, const Knowledge& knowledge) {
  if (!IsDiscrete(e.dtype()) || ConstValue(e)) return;
  Knowledge narrowed = Intersect(Know(e), knowledge);
  Facts& now = *Edit();
  if (const auto* var = e.as<ir::VarObj>()) {
    now.vars[var] = narrowed;
  } else {
    now.terms.insert_or_assign(e, narrowed);
  }
  Changed();
}

}  // namespace tilescale::arith
