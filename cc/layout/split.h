// Parts of layouts: the power-of-two block inside one, what two have in common, other element
// sizes.
#ifndef TILESCALE_CC_LAYOUT_SPLIT_H_
#define TILESCALE_CC_LAYOUT_SPLIT_H_

#include <utility>

#include "cc/layout/layout.h"

namespace tilescale::layout {

// (inner, outer), both of the profile of `layout`: each extent is 2^k times an odd number, the
// inner layout has the 2^k and the outer one the odd number. The element with leaf coordinates i +
// 2^k * o lies at inner(i) + outer(o).
std::pair<Layout, Layout> SplitPowerOfTwo(const Layout& layout);

// The largest g such that both layouts map each g flat indices that start at a multiple of g to
// consecutive values: the widest vector that a copy between them can use, alignment permitting.
int64_t MaxCommonVector(const Layout& a, const Layout& b);

// The layout counted in elements `factor` times as large (`Upcast`) or small (`Downcast`). Throws
// ValueError unless exactly one mode of stride 1 moves, the one that runs through the small
// elements of a large one, or where a mode would split a large element.
Layout Upcast(const Layout& layout, int64_t factor);
Layout Downcast(const Layout& layout, int64_t factor);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_SPLIT_H_
