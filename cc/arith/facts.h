#ifndef TILESCALE_CC_ARITH_FACTS_H_
#define TILESCALE_CC_ARITH_FACTS_H_

#include <unordered_map>
#include <vector>

#include "cc/arith/knowledge.h"
#include "cc/arith/structure.h"
#include "cc/arith/sum.h"

namespace tilescale::arith {

/// What has been said about variables: in full in `non_negative` and `conditions`; `vars` and
/// `terms` are what follows for single ranges.
struct Facts {
  /// Of variables and, where a fact is about a larger term, of that term.
  std::unordered_map<const ir::VarObj*, Knowledge> vars;
  ExprTable<Knowledge> terms;
  /// Sums over unbounded integers that are >= 0, in the order in which they were said.
  std::vector<Sum> non_negative;
  /// Facts that no sum expresses: `x != y`, alternatives, boolean variables.
  std::vector<ir::Expr> conditions;
  /// Names this content: equal histories of facts have equal numbers.
  int64_t state = 0;

  /// Drops everything that mentions `var`.
  void Forget(const ir::Var& var, const Atoms& atoms);
};

bool Mentions(const ir::Expr& e, const ir::VarObj* var);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_FACTS_H_
