// Product: a layout repeated as another one says. The tiler is a layout (or an integer) or, for the
// logical, zipped, tiled and flat forms, a tuple acting mode by mode.
#ifndef TILESCALE_CC_LAYOUT_PRODUCT_H_
#define TILESCALE_CC_LAYOUT_PRODUCT_H_

#include <tvm/ffi/any.h>

#include "cc/layout/layout.h"

namespace tilescale::layout {

// (layout, repetitions): copies of `layout` at the offsets that `tiler` picks from its complement.
Layout LogicalProduct(const Layout& layout, const tvm::ffi::AnyView& tiler);
Layout ZippedProduct(const Layout& layout, const tvm::ffi::AnyView& tiler);
Layout TiledProduct(const Layout& layout, const tvm::ffi::AnyView& tiler);
Layout FlatProduct(const Layout& layout, const tvm::ffi::AnyView& tiler);
// Mode i is (block mode i, tiler mode i), coalesced: each block stays together.
Layout BlockedProduct(const Layout& block, const Layout& tiler);
// Mode i is (tiler mode i, block mode i), coalesced: the blocks interleave.
Layout RakedProduct(const Layout& block, const Layout& tiler);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_PRODUCT_H_
