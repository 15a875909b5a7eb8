#ifndef TILESCALE_CC_LAYOUT_COMPLEMENT_H_
#define TILESCALE_CC_LAYOUT_COMPLEMENT_H_

#include "cc/layout/layout.h"

namespace tilescale::layout {

// The layout C with the smallest values such that (layout, C), broadcast modes of `layout` left
// out, takes each value of [0, n) exactly once, for the least such n >= cotarget. Throws ValueError
// with the offending modes if `layout` overlaps itself or leaves gaps that no layout can fill.
// `cotarget` may be symbolic.
Layout Complement(const Layout& layout, const Int& cotarget);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_COMPLEMENT_H_
