#include "cc/arith/interval.h"

#include <algorithm>
#include <array>

namespace tilescale::arith {
namespace {

using ir::BinaryKind;

constexpr Wide kLimit = Wide{1} << 126;

bool IsAll(const Interval& x) { return x.lo <= -kLimit || x.hi >= kLimit; }

/// The hull of four corner values.
Interval Hull(const std::array<Wide, 4>& corners) {
  auto [lo, hi] = std::minmax_element(corners.begin(), corners.end());
  return {*lo, *hi};
}

bool MayBeZero(const Interval& x) { return x.Contains(0); }

/// The smallest 2^k - 1 that is >= v >= 0.
Wide MaskAbove(Wide v) {
  Wide mask = 0;
  while (mask < v) mask = mask * 2 + 1;
  return mask;
}

/// Of the divisors' magnitudes.
Interval Magnitude(const Interval& x) {
  if (x.lo >= 0) return x;
  if (x.hi <= 0) return {-x.hi, -x.lo};
  return {0, std::max(-x.lo, x.hi)};
}

}  // namespace

Interval Interval::All() { return {-kLimit, kLimit}; }

Interval Interval::Of(ir::DType t) {
  if (ir::dtype::IsBool(t)) return {0, 1};
  if (!IsDiscrete(t)) return All();
  if (ir::dtype::IsInt(t)) return {-(Wide{1} << (t.bits - 1)), (Wide{1} << (t.bits - 1)) - 1};
  return {0, (Wide{1} << t.bits) - 1};
}

Interval Intersect(const Interval& a, const Interval& b) {
  Interval both{std::max(a.lo, b.lo), std::min(a.hi, b.hi)};
  return both.lo <= both.hi ? both : Interval::Point(both.lo);
}

Interval Union(const Interval& a, const Interval& b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

Interval Fit(const Interval& ideal, ir::DType t) {
  Interval type = Interval::Of(t);
  return ideal.Within(type) ? ideal : type;
}

Interval operator+(const Interval& a, const Interval& b) {
  if (IsAll(a) || IsAll(b)) return Interval::All();
  return {a.lo + b.lo, a.hi + b.hi};
}

Interval operator-(const Interval& a, const Interval& b) {
  if (IsAll(a) || IsAll(b)) return Interval::All();
  return {a.lo - b.hi, a.hi - b.lo};
}

Interval operator*(const Interval& a, const Interval& b) {
  if (a == Interval::Point(0) || b == Interval::Point(0)) return Interval::Point(0);
  std::array<Wide, 4> corners;
  bool overflow = __builtin_mul_overflow(a.lo, b.lo, &corners[0]);
  overflow |= __builtin_mul_overflow(a.lo, b.hi, &corners[1]);
  overflow |= __builtin_mul_overflow(a.hi, b.lo, &corners[2]);
  overflow |= __builtin_mul_overflow(a.hi, b.hi, &corners[3]);
  return overflow ? Interval::All() : Hull(corners);
}

Interval FloorDiv(const Interval& a, const Interval& b) {
  if (MayBeZero(b) || IsAll(a)) return Interval::All();
  return Hull(
      {FloorDiv(a.lo, b.lo), FloorDiv(a.lo, b.hi), FloorDiv(a.hi, b.lo), FloorDiv(a.hi, b.hi)});
}

Interval FloorMod(const Interval& a, const Interval& b) {
  if (MayBeZero(b)) return Interval::All();
  if (b.hi < 0) {
    Interval mirrored = FloorMod({-a.hi, -a.lo}, {-b.hi, -b.lo});
    return {-mirrored.hi, -mirrored.lo};
  }
  if (a.lo >= 0 && a.hi < b.lo) return a;
  if (b.IsPoint() && FloorDiv(a.lo, b.lo) == FloorDiv(a.hi, b.lo)) {
    return {FloorMod(a.lo, b.lo), FloorMod(a.hi, b.lo)};
  }
  return {0, a.lo >= 0 ? std::min(a.hi, b.hi - 1) : b.hi - 1};
}

Interval TruncDiv(const Interval& a, const Interval& b) {
  if (MayBeZero(b) || IsAll(a)) return Interval::All();
  return Hull({a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi});
}

Interval TruncMod(const Interval& a, const Interval& b) {
  if (MayBeZero(b)) return Interval::All();
  Interval size = Magnitude(b);
  Interval dividend = Magnitude(a);
  if (dividend.hi < size.lo) return a;
  Wide most = std::min(size.hi - 1, dividend.hi);
  return {a.lo < 0 ? -most : 0, a.hi > 0 ? most : 0};
}

Interval Min(const Interval& a, const Interval& b) {
  return {std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
}

Interval Max(const Interval& a, const Interval& b) {
  return {std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
}

Interval BitAnd(const Interval& a, const Interval& b) {
  if (a.lo >= 0 && b.lo >= 0) return {0, std::min(a.hi, b.hi)};
  if (a.lo >= 0) return {0, a.hi};
  if (b.lo >= 0) return {0, b.hi};
  return Interval::All();
}

Interval BitOr(const Interval& a, const Interval& b) {
  if (a.lo < 0 || b.lo < 0) return Interval::All();
  return {std::max(a.lo, b.lo), MaskAbove(std::max(a.hi, b.hi))};
}

Interval BitXor(const Interval& a, const Interval& b) {
  if (a.lo < 0 || b.lo < 0) return Interval::All();
  return {0, MaskAbove(std::max(a.hi, b.hi))};
}

Interval ShiftLeft(const Interval& a, const Interval& amount, int bits) {
  if (!amount.Within({0, bits - 1})) return Interval::All();
  return a * Interval{Wide{1} << amount.lo, Wide{1} << amount.hi};
}

Interval ShiftRight(const Interval& a, const Interval& amount, int bits) {
  if (!amount.Within({0, bits - 1})) return Interval::All();
  return FloorDiv(a, Interval{Wide{1} << amount.lo, Wide{1} << amount.hi});
}

Interval Compare(BinaryKind kind, const Interval& a, const Interval& b) {
  const Interval yes = Interval::Point(1), no = Interval::Point(0), maybe{0, 1};
  switch (kind) {
    case BinaryKind::kLt:
      return a.hi < b.lo ? yes : a.lo >= b.hi ? no : maybe;
    case BinaryKind::kLe:
      return a.hi <= b.lo ? yes : a.lo > b.hi ? no : maybe;
    case BinaryKind::kGt:
      return Compare(BinaryKind::kLt, b, a);
    case BinaryKind::kGe:
      return Compare(BinaryKind::kLe, b, a);
    case BinaryKind::kEq:
      if (a.IsPoint() && a == b) return yes;
      return a.hi < b.lo || b.hi < a.lo ? no : maybe;
    default:  // kNe
      return no + (yes - Compare(BinaryKind::kEq, a, b));
  }
}

namespace {

/// As on unbounded integers; comparisons and logic give {0, 1} values.
Interval ApplyIdeal(BinaryKind kind, int bits, const Interval& a, const Interval& b) {
  switch (kind) {
    case BinaryKind::kAdd:
      return a + b;
    case BinaryKind::kSub:
      return a - b;
    case BinaryKind::kMul:
      return a * b;
    case BinaryKind::kFloorDiv:
      return FloorDiv(a, b);
    case BinaryKind::kFloorMod:
      return FloorMod(a, b);
    case BinaryKind::kTruncDiv:
      return TruncDiv(a, b);
    case BinaryKind::kTruncMod:
      return TruncMod(a, b);
    case BinaryKind::kMin:
    case BinaryKind::kAnd:
      return Min(a, b);
    case BinaryKind::kMax:
    case BinaryKind::kOr:
      return Max(a, b);
    case BinaryKind::kBitAnd:
      return BitAnd(a, b);
    case BinaryKind::kBitOr:
      return BitOr(a, b);
    case BinaryKind::kBitXor:
      return BitXor(a, b);
    case BinaryKind::kShl:
      return ShiftLeft(a, b, bits);
    case BinaryKind::kShr:
      return ShiftRight(a, b, bits);
    default:
      return Interval::All();
  }
}

}  // namespace

Interval Apply(BinaryKind kind, ir::DType t, const Interval& a, const Interval& b) {
  if (ir::IsCompare(kind)) return Compare(kind, a, b);
  return Fit(ApplyIdeal(kind, t.bits, a, b), t);
}

}  // namespace tilescale::arith
