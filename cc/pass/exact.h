#ifndef TILESCALE_CC_PASS_EXACT_H_
#define TILESCALE_CC_PASS_EXACT_H_

#include <vector>

#include "cc/ir/buffer.h"

namespace tilescale::pass {

/// An int64 expression with the value that `e` has over unbounded integers, as long as its parts
/// fit in 64 bits: extents and strides are meant exactly, whatever their type.
ir::Expr Exact64(const ir::Expr& e);

/// The strides of a buffer in elements, in 64 bits.
std::vector<ir::Expr> ExactStrides(const ir::Buffer& buffer);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_EXACT_H_
