#ifndef TILESCALE_CC_ARITH_CONGRUENCE_H_
#define TILESCALE_CC_ARITH_CONGRUENCE_H_

#include "cc/arith/wide.h"

namespace tilescale::arith {

/// What is known of a value's remainder: value = residue (mod modulus).
///
/// modulus 1 says nothing; modulus 0 says that the value is `residue` itself. 0 <= residue <
/// modulus otherwise. Operations are those of unbounded integers.
struct Congruence {
  Wide modulus = 1;
  Wide residue = 0;

  static Congruence Point(Wide v) { return {0, v}; }
  static Congruence Of(Wide modulus, Wide residue);
  /// The residue modulo `m`, if it is the same for all values.
  std::optional<Wide> Modulo(Wide m) const;
  bool operator==(const Congruence& o) const {
    return modulus == o.modulus && residue == o.residue;
  }
};

/// Holds where either holds.
Congruence Union(const Congruence& a, const Congruence& b);
/// Both hold. If they contradict each other, one of them.
Congruence Intersect(const Congruence& a, const Congruence& b);
/// What is left after wrapping to `bits` bits.
Congruence Wrapped(const Congruence& a, int bits);

Congruence operator+(const Congruence& a, const Congruence& b);
Congruence operator-(const Congruence& a, const Congruence& b);
Congruence operator*(const Congruence& a, const Congruence& b);
Congruence FloorDiv(const Congruence& a, Wide divisor);
Congruence FloorMod(const Congruence& a, Wide divisor);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_CONGRUENCE_H_
