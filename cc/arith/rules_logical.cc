// Truth values. Contradictions between the sides of `and` and `or` are found by simplify.cc, which
// simplifies the right side knowing the left one.
#include "cc/arith/rule.h"

namespace tilescale::arith {

std::vector<Rule> LogicalRules() {
  const Pattern x = Pattern::Any(0), y = Pattern::Any(1);
  const Domain boolean = Domain::kBoolean, any = Domain::kAnyType;
  return {
      {"and_same", x && x, x, nullptr, boolean},
      {"or_same", x || x, x, nullptr, boolean},
      {"and_not", x && !x, 0, nullptr, boolean},
      {"not_and", !x && x, 0, nullptr, boolean},
      {"or_not", x || !x, 1, nullptr, boolean},
      {"not_or", !x || x, 1, nullptr, boolean},
      {"and_false", x && 0, 0, nullptr, boolean},
      {"or_true", x || 1, 1, nullptr, boolean},
      {"and_absorbs", x && (x || y), x, nullptr, boolean},
      {"or_absorbs", x || (x && y), x, nullptr, boolean},
      {"not_of_and", !(x && y), !x || !y, nullptr, boolean},
      {"not_of_or", !(x || y), !x && !y, nullptr, boolean},
      // Not for floats: a comparison with NaN and its opposite are both false.
      {"not_lt", !(x < y), x >= y},
      {"not_le", !(x <= y), x > y},
      {"not_gt", !(x > y), x <= y},
      {"not_ge", !(x >= y), x < y},
      {"not_eq", !(x == y), x != y, nullptr, any},
      {"not_ne", !(x != y), x == y, nullptr, any},
  };
}

}  // namespace tilescale::arith
