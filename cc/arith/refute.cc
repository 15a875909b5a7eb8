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

void CollectVars(const Expr& e, std::vector<Expr>* vars) {
  auto same = [&](const Expr& var) { return var.same_as(e); };
  if (e.as<ir::VarObj>() && std::none_of(vars->begin(), vars->end(), same)) vars->push_back(e);
  ForEachChild(e, [&](const Expr& child) { CollectVars(child, vars); });
}

class Search {
 public:
  Search(const Expr& cond, Analyzer* analyzer) : cond_(cond), analyzer_(analyzer) {
    CollectVars(cond, &vars_);
    own_ = vars_.size();
    for (const Sum& sum : analyzer->facts().non_negative) {
      for (const Sum::Term& term : sum.terms()) {
        for (int id : term.atoms) CollectVars((*analyzer->atoms())[id], &vars_);
      }
    }
    for (const Expr& fact : analyzer->facts().conditions) CollectVars(fact, &vars_);
  }

  bool Run() {
    for (int corner : {0, 1}) {
      Point base;
      for (const Expr& var : vars_) base[var.as<ir::VarObj>()] = Candidates(var)[corner];
      if (Fails(base) || Vary(base, 2)) return true;
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

  /// Changes up to `depth` variables of the condition.
  bool Vary(const Point& base, int depth) {
    for (size_t i = 0; i < own_; ++i) {
      for (Wide value : Candidates(vars_[i])) {
        if (tried_ >= kMaxPoints) return false;
        Point point = base;
        Wide& mine = point[vars_[i].as<ir::VarObj>()];
        if (mine == value) continue;
        mine = value;
        if (Fails(point)) return true;
        if (depth > 1 && Vary(point, depth - 1)) return true;
      }
    }
    return false;
  }

  /// The facts hold and the condition does not.
  bool Fails(const Point& point) {
    ++tried_;
    auto truth = Evaluate(cond_, point);
    if (!truth || *truth != 0) return false;
    for (const Sum& sum : analyzer_->facts().non_negative) {
      if (!IsNonNegative(sum, point)) return false;
    }
    for (const Expr& fact : analyzer_->facts().conditions) {
      auto holds = Evaluate(fact, point);
      if (!holds || *holds == 0) return false;
    }
    return true;
  }

  bool IsNonNegative(const Sum& sum, const Point& point) {
    Interval total = Interval::Point(sum.constant());
    for (const Sum::Term& term : sum.terms()) {
      Interval product = Interval::Point(term.coeff);
      for (int id : term.atoms) {
        auto value = Evaluate((*analyzer_->atoms())[id], point);
        if (!value) return false;
        product = product * Interval::Point(*value);
      }
      total = total + product;
    }
    return total.lo >= 0;
  }

  Expr cond_;
  Analyzer* analyzer_;
  std::vector<Expr> vars_;
  size_t own_ = 0;
  int tried_ = 0;
};

}  // namespace

bool Analyzer::Refute(const Expr& cond) { return Search(cond, this).Run(); }

}  // namespace tilescale::arith
