// Division: a layout seen as tiles and what enumerates them. A tiler is a layout (or an integer n
// for n:1), which acts on flat indices, or a tuple of tilers acting on the modes one by one, where
// None leaves a mode whole. Where a tile does not divide an extent the last tile reaches past the
// end: the caller masks it.
#ifndef TILESCALE_CC_LAYOUT_DIVIDE_H_
#define TILESCALE_CC_LAYOUT_DIVIDE_H_

#include <tvm/ffi/any.h>

#include "cc/layout/layout.h"

namespace tilescale::layout {

// (tile, rest) for a layout tiler, ((tile0, rest0), (tile1, rest1), ...) for a tuple.
Layout LogicalDivide(const Layout& layout, const tvm::ffi::AnyView& tiler);
// ((tile0, tile1, ...), (rest0, rest1, ...)).
Layout ZippedDivide(const Layout& layout, const tvm::ffi::AnyView& tiler);
// ((tile0, tile1, ...), rest0, rest1, ...).
Layout TiledDivide(const Layout& layout, const tvm::ffi::AnyView& tiler);
// (tile0, tile1, ..., rest0, rest1, ...).
Layout FlatDivide(const Layout& layout, const tvm::ffi::AnyView& tiler);

// Composition with a tiler: by flat index for a layout, mode by mode for a tuple.
Layout ComposeTiler(const Layout& layout, const tvm::ffi::AnyView& tiler);

// A layout tiler from a layout or an integer; throws TypeError for anything else.
Layout TilerLayout(const tvm::ffi::AnyView& tiler);
// Number of modes of a tuple tiler; -1 for a layout or an integer. Throws ValueError if it exceeds
// the rank of `layout`.
int TilerRank(const Layout& layout, const tvm::ffi::AnyView& tiler);

// The two halves of a layout of pairs, as the zipped forms gather them: modes that are no pair
// go to the second half.
Layout ZipPairs(const Layout& pairs, int num_pairs);
// Unpacks the second of two modes, or both, into the top level.
Layout UnpackRest(const Layout& zipped);
Layout UnpackBoth(const Layout& zipped);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_DIVIDE_H_
