#include "cc/arith/prover.h"

#include <algorithm>

#include "cc/arith/z3_prover.h"

namespace tilescale::arith {

using ir::BinaryKind;
using ir::Expr;

tvm::ffi::Map<tvm::ffi::String, int64_t> ProverStats::ToMap() const {
  return {{"queries", queries},     {"cache_hits", cache_hits}, {"by_simplifier", by_simplifier},
          {"by_bounds", by_bounds}, {"refuted", refuted},       {"by_z3", by_z3},
          {"unknown", unknown},     {"z3_queries", z3_queries}, {"z3_resources", z3_resources}};
}

Analyzer::Analyzer(uint32_t rlimit) : levels_(1), rlimit_(rlimit) {}
Analyzer::~Analyzer() = default;

const Expr* Analyzer::FindSimplified(const Expr& e) const {
  const auto& memory = levels_.back().simplified;
  auto it = memory.find(e.get());
  return it == memory.end() ? nullptr : &it->second.second;
}

void Analyzer::RememberSimplified(const Expr& e, const Expr& result) {
  levels_.back().simplified.emplace(e.get(), std::make_pair(e, result));
}

bool Analyzer::CanProve(const Expr& cond) {
  ++stats_.queries;
  if (PurityOf(cond) == Purity::kEffect) return false;
  auto& memory = proved_[facts().state];
  auto found = memory.find(cond);
  if (found != memory.end()) {
    ++stats_.cache_hits;
    return found->second;
  }
  bool result = ProveUncached(cond);
  proved_[facts().state].emplace(cond, result);
  return result;
}

bool Analyzer::ProveUncached(const Expr& cond) {
  Expr simple = Simplify(cond);
  if (auto value = ConstValue(simple)) {
    ++stats_.by_simplifier;
    return *value != 0;
  }
  if (ProveParts(simple)) {
    ++stats_.by_bounds;
    return true;
  }
  if (Refute(simple)) {
    ++stats_.refuted;
    return false;
  }
  if (AskZ3(simple)) {
    ++stats_.by_z3;
    return true;
  }
  ++stats_.unknown;
  return false;
}

bool Analyzer::AskZ3(const Expr& cond) {
  if (rlimit_ == 0) return false;
  if (!z3_) {
    const Z3Api* api = LoadZ3();
    if (!api) return false;
    z3_ = std::make_unique<Z3Prover>(api);
  }
  ++stats_.z3_queries;
  bool proved = z3_->Prove(cond, this, rlimit_);
  stats_.z3_resources += z3_->used();
  return proved;
}

bool Analyzer::ProveParts(const Expr& cond) {
  if (Know(cond).range == Interval::Point(1)) return true;
  const auto* binary = cond.as<ir::BinaryObj>();
  if (!binary) return false;
  if (binary->kind == BinaryKind::kAnd) return ProveParts(binary->a) && ProveParts(binary->b);
  if (binary->kind == BinaryKind::kOr) return ProveParts(binary->a) || ProveParts(binary->b);
  bool integral = IsDiscrete(binary->a.dtype()) && ir::dtype::IsIntegral(binary->a.dtype());
  return ir::IsCompare(binary->kind) && integral && ProveCompare(binary);
}

bool Analyzer::ProveCompare(const ir::BinaryObj* compare) {
  Sum a = IdealSum(compare->a), b = IdealSum(compare->b);
  Sum up = b - a, down = a - b;
  auto at_least = [&](const Sum& sum, Wide bound) { return LowerBound(sum, bound) >= bound; };
  switch (compare->kind) {
    case BinaryKind::kLt:
      return at_least(up, 1);
    case BinaryKind::kLe:
      return at_least(up, 0);
    case BinaryKind::kGt:
      return at_least(down, 1);
    case BinaryKind::kGe:
      return at_least(down, 0);
    case BinaryKind::kEq:
      return at_least(up, 0) && at_least(down, 0);
    default:  // kNe
      return at_least(up, 1) || at_least(down, 1);
  }
}

bool Analyzer::CanProveGe(const Expr& e, Wide bound) {
  Interval type = Interval::Of(e.dtype());
  if (bound <= type.lo) return true;
  return bound <= type.hi && CanProve(e >= MakeWide(e.dtype(), bound));
}

bool Analyzer::CanProveLt(const Expr& e, Wide bound) {
  Interval type = Interval::Of(e.dtype());
  if (bound > type.hi) return true;
  return bound > type.lo && CanProve(e < MakeWide(e.dtype(), bound));
}

bool Analyzer::CanProveEqual(const Expr& a, const Expr& b) { return CanProve(Equal(a, b)); }

namespace {

constexpr int kMaxEliminations = 3;
/// Of the search for a combination of facts, all depths together.
constexpr int kMaxSteps = 300;

/// What holds of an atom by its definition, as sums >= 0: c*(x // c) <= x < c*(x // c) + c, and
/// min and max against their operands.
std::vector<Sum> Definition(int id, Analyzer* analyzer) {
  Expr atom = (*analyzer->atoms())[id];
  const auto* binary = atom.as<ir::BinaryObj>();
  if (!binary || !ir::dtype::IsIntegral(atom.dtype())) return {};
  Sum self = Sum::Atom(id);
  if (binary->kind == BinaryKind::kMin || binary->kind == BinaryKind::kMax) {
    Wide sign = binary->kind == BinaryKind::kMin ? 1 : -1;
    return {(analyzer->IdealSum(binary->a) - self).Scaled(sign),
            (analyzer->IdealSum(binary->b) - self).Scaled(sign)};
  }
  auto divisor = ConstValue(binary->b);
  if (binary->kind != BinaryKind::kFloorDiv || !divisor || *divisor <= 0) return {};
  Sum remainder = analyzer->IdealSum(binary->a) - self.Scaled(*divisor);
  Sum rest = remainder.Scaled(-1);
  rest.AddConstant(*divisor - 1);
  return {remainder, rest};
}

/// scale * sum - factor * fact without the term on `atoms`; invalid unless both are positive.
std::optional<Sum> Eliminate(const Sum& sum, const Sum& fact, const std::vector<int>& atoms,
                             Wide* scale) {
  Wide mine = sum.CoeffOf(atoms), theirs = fact.CoeffOf(atoms);
  if (theirs == 0 || (mine > 0) != (theirs > 0)) return std::nullopt;
  Wide gcd = Gcd(mine, theirs);
  *scale = (theirs < 0 ? -theirs : theirs) / gcd;
  Sum rest = sum.Scaled(*scale);
  rest.Add(fact, -((mine < 0 ? -mine : mine) / gcd));
  if (!rest.valid()) return std::nullopt;
  return rest;
}

}  // namespace

Wide Analyzer::LowerBound(const Sum& sum, Wide enough) {
  int budget = kMaxSteps;
  return LowerBound(sum, enough, kMaxEliminations, &budget);
}

Wide Analyzer::LowerBound(const Sum& sum, Wide enough, int depth, int* budget) {
  if (!sum.valid()) return Interval::All().lo;
  Wide best = RangeOf(sum).lo;
  if (depth == 0 || sum.IsConstant()) return best;
  for (const Sum::Term& term : sum.terms()) {
    std::vector<Sum> useful;
    if (term.atoms.size() == 1) useful = Definition(term.atoms[0], this);
    useful.insert(useful.end(), facts().non_negative.begin(), facts().non_negative.end());
    for (const Sum& fact : useful) {
      Wide scale = 1;
      auto rest = Eliminate(sum, fact, term.atoms, &scale);
      if (!rest || rest->terms().size() > sum.terms().size() + 1) continue;
      if (best >= enough || --*budget < 0) return best;
      // scale * sum >= rest, so the sum is at least rest / scale, rounded up
      Wide wanted = enough >= Interval::All().hi ? enough : (enough - 1) * scale + 1;
      best = std::max(best, -FloorDiv(-LowerBound(*rest, wanted, depth - 1, budget), scale));
    }
  }
  return best;
}

}  // namespace tilescale::arith
