// Comparisons of integers. Terms that occur on both sides are cancelled by simplify_compare.cc.
#include "cc/arith/rule.h"

namespace tilescale::arith {
namespace {

bool Positive(const Match& m) { return m.c(0) > 0; }
bool FirstBelow(const Match& m) { return m.c(0) < m.c(1); }
bool FirstNotBelow(const Match& m) { return m.c(0) >= m.c(1); }
bool FirstAbove(const Match& m) { return m.c(0) > m.c(1); }
bool FirstNotAbove(const Match& m) { return m.c(0) <= m.c(1); }

}  // namespace

std::vector<Rule> CompareRules() {
  const Pattern x = Pattern::Any(0), y = Pattern::Any(1);
  const Pattern c1 = Pattern::Const(0), c2 = Pattern::Const(1);
  return {
      {"eq_self", x == x, 1},
      {"ne_self", x != x, 0},
      {"lt_self", x < x, 0},
      {"le_self", x <= x, 1},
      {"gt_self", x > x, 0},
      {"ge_self", x >= x, 1},
      {"div_lt", Div(x, c1) < c2, x < c1 * c2, Positive},
      {"div_ge", Div(x, c1) >= c2, x >= c1 * c2, Positive},
      {"div_le", Div(x, c1) <= c2, x < c1 * (c2 + 1), Positive},
      {"div_gt", Div(x, c1) > c2, x >= c1 * (c2 + 1), Positive},
      {"min_lt_above", Min(x, c1) < c2, x < c2, FirstNotBelow},
      {"min_lt_below", Min(x, c1) < c2, 1, FirstBelow},
      {"min_ge_above", Min(x, c1) >= c2, x >= c2, FirstNotBelow},
      {"min_ge_below", Min(x, c1) >= c2, 0, FirstBelow},
      {"max_gt_below", Max(x, c1) > c2, x > c2, FirstNotAbove},
      {"max_gt_above", Max(x, c1) > c2, 1, FirstAbove},
      {"max_le_below", Max(x, c1) <= c2, x <= c2, FirstNotAbove},
      {"max_le_above", Max(x, c1) <= c2, 0, FirstAbove},
      {"min_le_operand", Min(x, y) <= x, 1},
      {"min_gt_operand", Min(x, y) > x, 0},
      {"max_ge_operand", Max(x, y) >= x, 1},
      {"max_lt_operand", Max(x, y) < x, 0},
      {"min_eq_operand", Min(x, y) == x, x <= y},
      {"max_eq_operand", Max(x, y) == x, x >= y},
  };
}

}  // namespace tilescale::arith
