// The search for a counterexample: most conditions that cannot be proved fail at some corner of the
// variables' ranges, which is found faster than Z3 is loaded.
#include <algorithm>

#include "cc/arith/evaluate.h"
#include "cc/arith/prover.h"

namespace tilescale::arith {
namespace {

using ir::Expr;

/// Points tried per question.
constexpr int kMaxPoints = 250;

void CollectUnknowns(const Expr& e, std::vector<Expr>* vars) {
  if (IsUnknown(e)) {
    auto same = [&](const Expr& var) { return SameExpr(var, e); };
    if (std::none_of(vars->begin(), vars->end(), same)) vars->push_back(e);
    return;
  }
  ForEachChild(e, [&](const Expr& child) { CollectUnknowns(child, vars); });
}

class Search {
 public:
  Search(const Expr& cond, Analyzer* analyzer) : cond_(cond), analyzer_(analyzer) {
    CollectUnknowns(cond, &vars_);
    own_ = vars_.size();
    for (const Sum& sum : analyzer->facts().non_negative) {
      for (const Sum::Term& term : sum.terms()) {
        for (int id : term.atoms) CollectUnknowns((*analyzer->atoms())[id], &vars_);
      }
    }
    for (const Expr& fact : analyzer->facts().conditions) CollectUnknowns(fact, &vars_);
  }

  bool Run() {
    for (const Expr& var : vars_) candidates_.push_back(Candidates(var));
    for (size_t corner : {0, 1}) {
      for (size_t i = 0; i < vars_.size(); ++i) point_[vars_[i]] = candidates_[i][corner];
      if (Fails() || VaryOne() || VaryTwo()) return true;
    }
    return false;
  }

 private:
  std::vector<Wide> Candidates(const Expr& var) {
    Knowledge known = analyzer_->Know(var);
    Wide step = std::max<Wide>(known.congruence.modulus, 1);
    const Interval& range = known.range;
    std::vector<Wide> values = {range.lo, range.hi};
    for (Wide inner : {range.lo + step, range.hi - step, range.lo + 2 * step}) {
      if (range.Contains(inner)) values.push_back(inner);
    }
    return values;
  }

  /// Tries `then` with each other value of the i-th variable, and puts the old one back.
  template <typename Then>
  bool Vary(size_t i, Then then) {
    Wide& value = point_[vars_[i]];
    Wide before = value;
    bool found = false;
    for (Wide candidate : candidates_[i]) {
      if (found || tried_ >= kMaxPoints) break;
      if (candidate == before) continue;
      value = candidate;
      found = then();
    }
    value = before;
    return found;
  }

  bool VaryOne() {
    for (size_t i = 0; i < vars_.size(); ++i) {
      if (Vary(i, [&] { return Fails(); })) return true;
    }
    return false;
  }

  /// Two variables, one of them of the condition.
  bool VaryTwo() {
    for (size_t i = 0; i < own_; ++i) {
      for (size_t j = i + 1; j < vars_.size(); ++j) {
        if (Vary(i, [&] { return Vary(j, [&] { return Fails(); }); })) return true;
      }
    }
    return false;
  }

  /// The facts hold and the condition does not.
  bool Fails() {
    ++tried_;
    auto truth = Evaluate(cond_, point_);
    if (!truth || *truth != 0) return false;
    for (const Sum& sum : analyzer_->facts().non_negative) {
      if (!IsNonNegative(sum)) return false;
    }
    for (const Expr& fact : analyzer_->facts().conditions) {
      auto holds = Evaluate(fact, point_);
      if (!holds || *holds == 0) return false;
    }
    return true;
  }

  bool IsNonNegative(const Sum& sum) {
    Interval total = Interval::Point(sum.constant());
    for (const Sum::Term& term : sum.terms()) {
      Interval product = Interval::Point(term.coeff);
      for (int id : term.atoms) {
        auto value = Evaluate((*analyzer_->atoms())[id], point_);
        if (!value) return false;
        product = product * Interval::Point(*value);
      }
      total = total + product;
    }
    return total.lo >= 0;
  }

  Expr cond_;
  Analyzer* analyzer_;
  /// Of the condition, then of the facts.
  std::vector<Expr> vars_;
  std::vector<std::vector<Wide>> candidates_;
  Point point_;
  size_t own_ = 0;
  int tried_ = 0;
};

}  // namespace

bool Analyzer::Refute(const Expr& cond) { return Search(cond, this).Run(); }

}  // namespace tilescale::arith
