// Floor division and remainder; truncating ones become floor where they agree.
//
// Sums under a constant or symbolic divisor are taken apart by simplify_division.cc.
#include "cc/arith/rule.h"

namespace tilescale::arith {
namespace {

Pattern TruncDiv(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kTruncDiv, std::move(a), std::move(b));
}
Pattern TruncMod(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kTruncMod, std::move(a), std::move(b));
}

bool BothPositive(const Match& m) { return m.c(0) > 0 && m.c(1) > 0; }
/// c2 divides c1, both positive.
bool Divides(const Match& m) { return BothPositive(m) && m.c(0) % m.c(1) == 0; }
bool XNonZero(const Match& m) { return m.NonZero(0); }
bool YNonZero(const Match& m) { return m.NonZero(1); }
/// Where truncation and floor are the same.
bool Natural(const Match& m) { return m.NonNegative(0) && m.Positive(1); }
bool Below(const Match& m) { return m.NonNegative(0) && m.Range(0).hi < m.Range(1).lo; }
/// x * y as it is computed.
bool ProductFits(const Match& m) {
  return m.NonZero(1) && (m.Range(0) * m.Range(1)).Within(Interval::Of(m.type));
}

}  // namespace

std::vector<Rule> DivisionRules() {
  const Pattern x = Pattern::Any(0), y = Pattern::Any(1);
  const Pattern c1 = Pattern::Const(0), c2 = Pattern::Const(1);
  return {
      {"div_one", Div(x, 1), x},
      {"div_minus_one", Div(x, -1), 0 - x},
      {"div_div", Div(Div(x, c1), c2), Div(x, c1 * c2), BothPositive},
      {"mod_div", Div(Mod(x, c1), c2), Mod(Div(x, c2), Div(c1, c2)), Divides},
      {"mod_mod", Mod(Mod(x, c1), c2), Mod(x, c2), Divides},
      {"mod_mod_small", Mod(Mod(x, c1), c2), Mod(x, c1),
       [](const Match& m) { return m.c(0) > 0 && m.c(0) <= m.c(1); }},
      {"mod_one", Mod(x, 1), 0},
      {"mod_minus_one", Mod(x, -1), 0},
      {"div_self", Div(x, x), 1, XNonZero},
      {"mod_self", Mod(x, x), 0, XNonZero},
      {"zero_div", Div(0, x), 0, XNonZero},
      {"zero_mod", Mod(0, x), 0, XNonZero},
      {"div_below", Div(x, y), 0, Below},
      {"mod_below", Mod(x, y), x, Below},
      {"product_div", Div(x * y, y), x, ProductFits},
      {"product_mod", Mod(x * y, y), 0, ProductFits},
      {"mod_div_same", Div(Mod(x, y), y), 0, YNonZero},
      {"mod_mod_same", Mod(Mod(x, y), y), Mod(x, y), YNonZero},
      {"trunc_div", TruncDiv(x, y), Div(x, y), Natural},
      {"trunc_mod", TruncMod(x, y), Mod(x, y), Natural},
      {"trunc_div_one", TruncDiv(x, 1), x},
      {"trunc_mod_one", TruncMod(x, 1), 0},
      {"trunc_div_self", TruncDiv(x, x), 1, XNonZero},
      {"trunc_mod_self", TruncMod(x, x), 0, XNonZero},
  };
}

}  // namespace tilescale::arith
