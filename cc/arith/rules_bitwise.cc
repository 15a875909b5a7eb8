// Bitwise operators and shifts of integers.
#include "cc/arith/rule.h"

namespace tilescale::arith {
namespace {

/// A shift by c1 and then by c2 is one shift that has a meaning.
bool ShiftsAddUp(const Match& m) {
  return m.c(0) >= 0 && m.c(1) >= 0 && m.c(0) + m.c(1) < m.type.bits;
}
bool AllOnes(const Match& m) { return WrapTo(m.type, -1) == m.c(0); }
/// x has no bits outside the mask c1 = 2^k - 1.
bool InsideMask(const Match& m) {
  return m.c(0) >= 0 && (m.c(0) & (m.c(0) + 1)) == 0 && m.Range(0).Within({0, m.c(0)});
}

}  // namespace

std::vector<Rule> BitwiseRules() {
  const Pattern x = Pattern::Any(0), y = Pattern::Any(1);
  const Pattern c1 = Pattern::Const(0), c2 = Pattern::Const(1);
  return {
      {"bitand_same", x & x, x},
      {"bitor_same", x | x, x},
      {"bitxor_same", x ^ x, 0},
      {"bitand_zero", x & 0, 0},
      {"bitor_zero", x | 0, x},
      {"bitxor_zero", x ^ 0, x},
      {"bitand_ones", x & c1, x, AllOnes},
      {"bitor_ones", x | c1, c1, AllOnes},
      {"bitand_mask", x & c1, x, InsideMask},
      {"bitand_constants", (x & c1) & c2, x & (c1 & c2)},
      {"bitor_constants", (x | c1) | c2, x | (c1 | c2)},
      {"bitxor_constants", (x ^ c1) ^ c2, x ^ (c1 ^ c2)},
      {"bitand_absorbs", x & (x | y), x},
      {"bitor_absorbs", x | (x & y), x},
      {"bitxor_twice", x ^ (x ^ y), y},
      {"shl_zero", x << 0, x},
      {"shr_zero", x >> 0, x},
      {"shl_shl", (x << c1) << c2, x << (c1 + c2), ShiftsAddUp},
      {"shr_shr", (x >> c1) >> c2, x >> (c1 + c2), ShiftsAddUp},
  };
}

}  // namespace tilescale::arith
