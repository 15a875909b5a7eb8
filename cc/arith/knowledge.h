#ifndef TILESCALE_CC_ARITH_KNOWLEDGE_H_
#define TILESCALE_CC_ARITH_KNOWLEDGE_H_

#include "cc/arith/congruence.h"
#include "cc/arith/interval.h"

namespace tilescale::arith {

/// Range and remainder of one integer or boolean value.
struct Knowledge {
  Interval range = Interval::All();
  Congruence congruence;

  static Knowledge Of(ir::DType t) { return {Interval::Of(t), {}}; }
  static Knowledge Point(Wide v) { return {Interval::Point(v), Congruence::Point(v)}; }
  /// Moves the ends of the range to values that have the remainder.
  Knowledge Tightened() const;
};

Knowledge Intersect(const Knowledge& a, const Knowledge& b);
Knowledge Union(const Knowledge& a, const Knowledge& b);
/// The value of `a kind b` for operands of type `t`, two's complement wrap-around included.
Knowledge Apply(ir::BinaryKind kind, ir::DType t, const Knowledge& a, const Knowledge& b);
/// The value converted from type `from` to the discrete type `to`.
Knowledge ApplyCast(ir::DType from, ir::DType to, const Knowledge& value);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_KNOWLEDGE_H_
