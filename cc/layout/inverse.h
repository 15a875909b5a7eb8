#ifndef TILESCALE_CC_LAYOUT_INVERSE_H_
#define TILESCALE_CC_LAYOUT_INVERSE_H_

#include "cc/layout/layout.h"

namespace tilescale::layout {

// A layout R with layout(R(i)) = i for all i < size(R), the largest if `layout` is injective.
// Always exists (it may be 1:0). Throws ValueError for symbolic layouts.
Layout RightInverse(const Layout& layout);

// A layout L with L(layout(i)) = i for all i. Throws ValueError with the modes if `layout` is not
// injective or a stride is no multiple of the next smaller one.
Layout LeftInverse(const Layout& layout);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_INVERSE_H_
