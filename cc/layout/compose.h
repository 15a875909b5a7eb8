#ifndef TILESCALE_CC_LAYOUT_COMPOSE_H_
#define TILESCALE_CC_LAYOUT_COMPOSE_H_

#include "cc/layout/layout.h"

namespace tilescale::layout {

// The layout R, compatible with `rhs`, with R(i) = lhs(rhs(i)); beyond its size `lhs` goes on along
// its last mode that is not of extent 1. Exact: where no such layout exists a ValueError names the
// mode of `rhs` that crosses a mode of `lhs`, and modes of `rhs` whose sum carries inside `lhs` are
// never composed separately.
Layout Compose(const Layout& lhs, const Layout& rhs);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_COMPOSE_H_
