#include "cc/arith/wide.h"

#include <algorithm>

namespace tilescale::arith {

Wide FloorDiv(Wide a, Wide b) {
  Wide q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}

Wide FloorMod(Wide a, Wide b) {
  Wide r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

Wide Gcd(Wide a, Wide b) {
  while (b != 0) {
    Wide r = a % b;
    a = b;
    b = r;
  }
  return a < 0 ? -a : a;
}

Wide WrapTo(ir::DType t, Wide value) {
  if (ir::dtype::IsBool(t)) return value != 0;
  Wide size = Wide{1} << t.bits;
  Wide low = value & (size - 1);
  return ir::dtype::IsInt(t) && low >= size / 2 ? low - size : low;
}

std::optional<Wide> ConstValue(const ir::Expr& e) {
  const int64_t* value = ir::AsConstInt(e);
  if (!value || !IsDiscrete(e.dtype())) return std::nullopt;
  return WrapTo(e.dtype(), *value);
}

ir::Expr MakeWide(ir::DType t, Wide value) { return ir::IntImm(t, static_cast<int64_t>(value)); }

bool IsDiscrete(ir::DType t) {
  return (ir::dtype::IsIntegral(t) || ir::dtype::IsBool(t)) && t.bits <= 64 && t.lanes == 1;
}

std::string ToString(Wide value) {
  if (value == 0) return "0";
  std::string digits;
  for (Wide rest = value; rest != 0; rest /= 10) {
    int digit = static_cast<int>(rest % 10);
    digits.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
  }
  if (value < 0) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace tilescale::arith
