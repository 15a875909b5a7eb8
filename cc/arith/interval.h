#ifndef TILESCALE_CC_ARITH_INTERVAL_H_
#define TILESCALE_CC_ARITH_INTERVAL_H_

#include "cc/arith/wide.h"

namespace tilescale::arith {

/// All integers from `lo` to `hi`, both included. Never empty: where facts contradict each other
/// (dead code) any answer is sound, and one point is kept.
///
/// Operations are those of unbounded integers; `All()` stands for "larger than Wide can hold".
/// Wrap-around is applied by `Fit`.
struct Interval {
  Wide lo;
  Wide hi;

  static Interval Point(Wide v) { return {v, v}; }
  static Interval All();
  /// Every value of an integral type; {0, 1} for bool; `All` for others.
  static Interval Of(ir::DType t);

  bool IsPoint() const { return lo == hi; }
  bool Contains(Wide v) const { return lo <= v && v <= hi; }
  bool Within(const Interval& outer) const { return outer.lo <= lo && hi <= outer.hi; }
  bool operator==(const Interval& o) const { return lo == o.lo && hi == o.hi; }
};

Interval Intersect(const Interval& a, const Interval& b);
Interval Union(const Interval& a, const Interval& b);
/// `ideal` if no value of it overflows `t`, else all values of `t`: what two's complement leaves.
Interval Fit(const Interval& ideal, ir::DType t);

Interval operator+(const Interval& a, const Interval& b);
Interval operator-(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);
/// Division: `All()` if the divisor may be 0, as the quotient then has no meaning.
Interval FloorDiv(const Interval& a, const Interval& b);
Interval FloorMod(const Interval& a, const Interval& b);
Interval TruncDiv(const Interval& a, const Interval& b);
Interval TruncMod(const Interval& a, const Interval& b);
Interval Min(const Interval& a, const Interval& b);
Interval Max(const Interval& a, const Interval& b);
/// Bitwise operators on two's complement; `All()` where nothing simple is known.
Interval BitAnd(const Interval& a, const Interval& b);
Interval BitOr(const Interval& a, const Interval& b);
Interval BitXor(const Interval& a, const Interval& b);
/// `amount` must lie in [0, bits) or the result is `All()`.
Interval ShiftLeft(const Interval& a, const Interval& amount, int bits);
Interval ShiftRight(const Interval& a, const Interval& amount, int bits);
/// {1,1}, {0,0} or {0,1}: the truth of `a kind b`.
Interval Compare(ir::BinaryKind kind, const Interval& a, const Interval& b);

/// `a kind b` for operands of type `t` (kDiv excepted), wrapped to `t`.
Interval Apply(ir::BinaryKind kind, ir::DType t, const Interval& a, const Interval& b);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_INTERVAL_H_
