#include "cc/arith/facts.h"

#include <algorithm>

namespace tilescale::arith {

using ir::Expr;

bool Mentions(const Expr& e, const ir::VarObj* var) {
  if (e.get() == var) return true;
  bool found = false;
  ForEachChild(e, [&](const Expr& child) { found = found || Mentions(child, var); });
  return found;
}

void Facts::Forget(const ir::Var& var, const Atoms& atoms) {
  vars.erase(var.get());
  for (auto it = terms.begin(); it != terms.end();) {
    it = Mentions(it->first, var.get()) ? terms.erase(it) : std::next(it);
  }
  auto stale = [&](const Expr& cond) { return Mentions(cond, var.get()); };
  conditions.erase(std::remove_if(conditions.begin(), conditions.end(), stale), conditions.end());
  auto stale_sum = [&](const Sum& sum) {
    for (const Sum::Term& term : sum.terms()) {
      for (int id : term.atoms) {
        if (Mentions(atoms[id], var.get())) return true;
      }
    }
    return false;
  };
  non_negative.erase(std::remove_if(non_negative.begin(), non_negative.end(), stale_sum),
                     non_negative.end());
}

}  // namespace tilescale::arith
