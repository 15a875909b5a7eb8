#ifndef TILESCALE_CC_ARITH_WIDE_H_
#define TILESCALE_CC_ARITH_WIDE_H_

#include <optional>
#include <string>

#include "cc/ir/expr.h"

namespace tilescale::arith {

/// Wide enough for the exact sum or product of any two values of a 64-bit type; used for every
/// analysis, so that overflow of the program's own arithmetic can be seen from outside.
using Wide = __int128;

/// Rounds towards minus infinity; `b` is not 0.
Wide FloorDiv(Wide a, Wide b);
/// Has the sign of `b`; `b` is not 0.
Wide FloorMod(Wide a, Wide b);
/// Non-negative; Gcd(0, x) = |x|.
Wide Gcd(Wide a, Wide b);
/// `value` as a two's complement number of the type sees it. `t` is integral or bool.
Wide WrapTo(ir::DType t, Wide value);
/// The constant an integer or boolean immediate stands for (uint64 above 2^63 - 1 included).
std::optional<Wide> ConstValue(const ir::Expr& e);
/// An immediate of type `t`; `value` must be representable.
ir::Expr MakeWide(ir::DType t, Wide value);
/// Integral or bool of at most 64 bits and one lane: what the analyses understand.
bool IsDiscrete(ir::DType t);
std::string ToString(Wide value);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_WIDE_H_
