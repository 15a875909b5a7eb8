#include "cc/arith/congruence.h"

namespace tilescale::arith {
namespace {

/// Larger moduli are given up: products of two would not fit a Wide.
constexpr Wide kMaxModulus = Wide{1} << 62;

Wide Magnitude(Wide v) { return v < 0 ? -v : v; }

bool TooLarge(const Congruence& a) {
  return a.modulus > kMaxModulus || Magnitude(a.residue) > kMaxModulus;
}

}  // namespace

Congruence Congruence::Of(Wide modulus, Wide residue) {
  if (modulus == 0) return Point(residue);
  return {modulus, arith::FloorMod(residue, modulus)};
}

std::optional<Wide> Congruence::Modulo(Wide m) const {
  if (modulus % m != 0) return std::nullopt;
  return arith::FloorMod(residue, m);
}

Congruence Union(const Congruence& a, const Congruence& b) {
  Wide distance = a.residue - b.residue;
  return Congruence::Of(Gcd(Gcd(a.modulus, b.modulus), distance), a.residue);
}

Congruence Intersect(const Congruence& a, const Congruence& b) {
  if (a.modulus == 0 || b.modulus == 0) return a.modulus == 0 ? a : b;
  if (a.modulus % b.modulus == 0) return a;
  if (b.modulus % a.modulus == 0) return b;
  // Chinese remainder by search; the moduli of programs are small.
  Wide lcm = a.modulus / Gcd(a.modulus, b.modulus) * b.modulus;
  constexpr Wide kMaxSteps = 4096;
  if (lcm > kMaxModulus || b.modulus > kMaxSteps) return a.modulus >= b.modulus ? a : b;
  for (Wide v = a.residue; v < lcm; v += a.modulus) {
    if (FloorMod(v, b.modulus) == b.residue) return {lcm, v};
  }
  return a;
}

Congruence Wrapped(const Congruence& a, int bits) {
  return Congruence::Of(Gcd(a.modulus, Wide{1} << bits), a.residue);
}

Congruence operator+(const Congruence& a, const Congruence& b) {
  return Congruence::Of(Gcd(a.modulus, b.modulus), a.residue + b.residue);
}

Congruence operator-(const Congruence& a, const Congruence& b) {
  return Congruence::Of(Gcd(a.modulus, b.modulus), a.residue - b.residue);
}

Congruence operator*(const Congruence& a, const Congruence& b) {
  if (TooLarge(a) || TooLarge(b)) return {};
  // (m p + r)(n q + s) = mn(..) + ms(..) + nr(..) + rs
  Wide modulus = Gcd(Gcd(a.modulus * b.modulus, a.modulus * b.residue), b.modulus * a.residue);
  return Congruence::Of(modulus, a.residue * b.residue);
}

Congruence FloorDiv(const Congruence& a, Wide divisor) {
  if (a.modulus == 0) return Congruence::Point(FloorDiv(a.residue, divisor));
  if (divisor < 0 || a.modulus % divisor != 0) return {};
  return Congruence::Of(a.modulus / divisor, FloorDiv(a.residue, divisor));
}

Congruence FloorMod(const Congruence& a, Wide divisor) {
  if (a.modulus == 0) return Congruence::Point(FloorMod(a.residue, divisor));
  if (divisor < 0) return {};
  if (a.modulus % divisor == 0) return Congruence::Point(FloorMod(a.residue, divisor));
  return Congruence::Of(Gcd(a.modulus, divisor), a.residue);
}

}  // namespace tilescale::arith
