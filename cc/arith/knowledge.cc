#include "cc/arith/knowledge.h"

namespace tilescale::arith {
namespace {

using ir::BinaryKind;

/// On unbounded integers.
Congruence ApplyIdeal(BinaryKind kind, const Knowledge& a, const Knowledge& b) {
  const Congruence &x = a.congruence, &y = b.congruence;
  bool natural = a.range.lo >= 0;
  switch (kind) {
    case BinaryKind::kAdd:
      return x + y;
    case BinaryKind::kSub:
      return x - y;
    case BinaryKind::kMul:
      return x * y;
    case BinaryKind::kMin:
    case BinaryKind::kMax:
      return Union(x, y);
    default:
      break;
  }
  if (!b.range.IsPoint() || b.range.lo <= 0) return {};
  Wide right = b.range.lo;
  switch (kind) {
    case BinaryKind::kTruncDiv:
      return natural ? FloorDiv(x, right) : Congruence();
    case BinaryKind::kTruncMod:
      return natural ? FloorMod(x, right) : Congruence();
    case BinaryKind::kFloorDiv:
      return FloorDiv(x, right);
    case BinaryKind::kFloorMod:
      return FloorMod(x, right);
    case BinaryKind::kShl:
      return right < 64 ? x * Congruence::Point(Wide{1} << right) : Congruence();
    default:
      return {};
  }
}

bool Overflows(BinaryKind kind, ir::DType t, const Interval& a, const Interval& b) {
  switch (kind) {
    case BinaryKind::kAdd:
      return !(a + b).Within(Interval::Of(t));
    case BinaryKind::kSub:
      return !(a - b).Within(Interval::Of(t));
    case BinaryKind::kMul:
      return !(a * b).Within(Interval::Of(t));
    case BinaryKind::kShl:
      return !ShiftLeft(a, b, t.bits).Within(Interval::Of(t));
    default:
      return false;
  }
}

}  // namespace

Knowledge Knowledge::Tightened() const {
  if (range.IsPoint()) return Point(range.lo);
  if (congruence.modulus == 0) return Point(congruence.residue);
  if (congruence.modulus == 1) return *this;
  Wide up = FloorMod(congruence.residue - range.lo, congruence.modulus);
  Wide down = FloorMod(range.hi - congruence.residue, congruence.modulus);
  if (range.lo + up > range.hi - down) return {range, {}};  // contradiction: dead code
  Knowledge tight{{range.lo + up, range.hi - down}, congruence};
  return tight.range.IsPoint() ? Point(tight.range.lo) : tight;
}

Knowledge Intersect(const Knowledge& a, const Knowledge& b) {
  return Knowledge{Intersect(a.range, b.range), Intersect(a.congruence, b.congruence)}.Tightened();
}

Knowledge Union(const Knowledge& a, const Knowledge& b) {
  return Knowledge{Union(a.range, b.range), Union(a.congruence, b.congruence)}.Tightened();
}

Knowledge Apply(BinaryKind kind, ir::DType t, const Knowledge& a, const Knowledge& b) {
  Knowledge result{Apply(kind, t, a.range, b.range), {}};
  if (ir::IsCompare(kind) || ir::IsLogical(kind)) return result.Tightened();
  result.congruence = ApplyIdeal(kind, a, b);
  if (Overflows(kind, t, a.range, b.range)) {
    result.congruence = Wrapped(result.congruence, t.bits);
  }
  return result.Tightened();
}

Knowledge ApplyCast(ir::DType from, ir::DType to, const Knowledge& value) {
  if (!IsDiscrete(from)) return Knowledge::Of(to);
  if (ir::dtype::IsBool(to)) {
    return Knowledge{Compare(BinaryKind::kNe, value.range, Interval::Point(0)), {}}.Tightened();
  }
  if (value.range.Within(Interval::Of(to))) return value;
  return Knowledge{Interval::Of(to), Wrapped(value.congruence, to.bits)}.Tightened();
}

}  // namespace tilescale::arith
