// Selects of any type. Only the chosen side is evaluated, before and after.
#include "cc/arith/rule.h"

namespace tilescale::arith {
namespace {

Pattern Select(Pattern cond, Pattern a, Pattern b) {
  return Pattern::Select(std::move(cond), std::move(a), std::move(b));
}

}  // namespace

std::vector<Rule> SelectRules() {
  const Pattern x = Pattern::Any(0), y = Pattern::Any(1), z = Pattern::Any(2);
  const Pattern c = Pattern::Any(3);
  return {
      {"select_same", Select(c, x, x), x, nullptr, Domain::kAnyType},
      {"select_not", Select(!c, x, y), Select(c, y, x), nullptr, Domain::kAnyType},
      {"select_again_then", Select(c, Select(c, x, y), z), Select(c, x, z), nullptr,
       Domain::kAnyType},
      {"select_again_else", Select(c, x, Select(c, y, z)), Select(c, x, z), nullptr,
       Domain::kAnyType},
      {"select_less", Select(x < y, x, y), Min(x, y)},
      {"select_less_equal", Select(x <= y, x, y), Min(x, y)},
      {"select_greater", Select(x > y, x, y), Max(x, y)},
      {"select_greater_equal", Select(x >= y, x, y), Max(x, y)},
      {"select_less_swapped", Select(x < y, y, x), Max(x, y)},
      {"select_less_equal_swapped", Select(x <= y, y, x), Max(x, y)},
      {"select_greater_swapped", Select(x > y, y, x), Min(x, y)},
      {"select_greater_equal_swapped", Select(x >= y, y, x), Min(x, y)},
      {"select_truth", Select(c, 1, 0), c, nullptr, Domain::kBoolean},
      {"select_untruth", Select(c, 0, 1), !c, nullptr, Domain::kBoolean},
      {"select_and", Select(c, x, 0), c && x, nullptr, Domain::kBoolean},
      {"select_or", Select(c, 1, x), c || x, nullptr, Domain::kBoolean},
  };
}

}  // namespace tilescale::arith
