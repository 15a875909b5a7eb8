// Minimum and maximum of integers. Where one operand is proved to be the smaller one,
// simplify.cc decides.
#include "cc/arith/rule.h"

namespace tilescale::arith {
namespace {

bool FirstBelow(const Match& m) { return m.c(0) <= m.c(1); }
bool FirstAbove(const Match& m) { return m.c(0) >= m.c(1); }

}  // namespace

std::vector<Rule> MinMaxRules() {
  const Pattern x = Pattern::Any(0), y = Pattern::Any(1), z = Pattern::Any(2);
  const Pattern c1 = Pattern::Const(0), c2 = Pattern::Const(1);
  return {
      {"min_same", Min(x, x), x},
      {"max_same", Max(x, x), x},
      {"min_constants", Min(Min(x, c1), c2), Min(x, Min(c1, c2))},
      {"max_constants", Max(Max(x, c1), c2), Max(x, Max(c1, c2))},
      {"min_of_max", Min(x, Max(x, y)), x},
      {"max_of_min", Max(x, Min(x, y)), x},
      {"min_min", Min(x, Min(x, y)), Min(x, y)},
      {"max_max", Max(x, Max(x, y)), Max(x, y)},
      {"min_common", Min(Max(x, y), Max(x, z)), Max(x, Min(y, z))},
      {"max_common", Max(Min(x, y), Min(x, z)), Min(x, Max(y, z))},
      {"max_min_constants", Max(Min(x, c1), c2), c2, FirstBelow},
      {"min_max_constants", Min(Max(x, c1), c2), c2, FirstAbove},
  };
}

}  // namespace tilescale::arith
