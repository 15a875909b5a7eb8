#include "cc/layout/product.h"

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/error.h>

#include <algorithm>

#include "cc/layout/complement.h"
#include "cc/layout/compose.h"
#include "cc/layout/divide.h"

namespace tilescale::layout {

using tvm::ffi::Any;
using tvm::ffi::AnyView;
using tvm::ffi::Array;

namespace {

Layout ProductByLayout(const Layout& layout, const Layout& tiler) {
  Layout free = Complement(layout, layout.Size() * tiler.Cosize());
  return Concat({layout, Compose(free, tiler)});
}

// Pads with modes 1:0 to `rank`; a leaf counts as one mode.
Layout PadToRank(const Layout& layout, int rank) {
  std::vector<Layout> modes = layout.Modes();
  while (static_cast<int>(modes.size()) < rank) modes.emplace_back(IntTuple(1), IntTuple(0));
  return Concat(modes);
}

Layout Interleave(const Layout& block, const Layout& tiler, bool block_first) {
  int rank = std::max(block.Rank(), tiler.Rank());
  Layout product = ProductByLayout(PadToRank(block, rank), PadToRank(tiler, rank));
  std::vector<Layout> modes;
  for (int i = 0; i < rank; ++i) {
    Layout inner = product[0][i];
    Layout outer = product[1][i];
    modes.push_back(Coalesce(block_first ? Concat({inner, outer}) : Concat({outer, inner})));
  }
  return Concat(modes);
}

}  // namespace

Layout LogicalProduct(const Layout& layout, const AnyView& tiler) {
  int rank = TilerRank(layout, tiler);
  if (rank < 0) return ProductByLayout(layout, TilerLayout(tiler));
  Array<Any> tilers = tiler.cast<Array<Any>>();
  std::vector<Layout> modes = layout.Modes();
  for (int i = 0; i < rank; ++i) {
    if (tilers[i] != nullptr) modes[i] = LogicalProduct(modes[i], tilers[i]);
  }
  return Concat(modes);
}

Layout ZippedProduct(const Layout& layout, const AnyView& tiler) {
  int rank = TilerRank(layout, tiler);
  if (rank < 0) return LogicalProduct(layout, tiler);
  Array<Any> tilers = tiler.cast<Array<Any>>();
  std::vector<Layout> pairs = LogicalProduct(layout, tiler).Modes();
  for (int i = 0; i < layout.Rank(); ++i) {
    bool repeated = i < rank && tilers[i] != nullptr;
    if (!repeated) pairs[i] = Concat({pairs[i], Layout(IntTuple(1), IntTuple(0))});
  }
  return ZipPairs(Concat(pairs), layout.Rank());
}

Layout TiledProduct(const Layout& layout, const AnyView& tiler) {
  return UnpackRest(ZippedProduct(layout, tiler));
}

Layout FlatProduct(const Layout& layout, const AnyView& tiler) {
  return UnpackBoth(ZippedProduct(layout, tiler));
}

Layout BlockedProduct(const Layout& block, const Layout& tiler) {
  return Interleave(block, tiler, /*block_first=*/true);
}

Layout RakedProduct(const Layout& block, const Layout& tiler) {
  return Interleave(block, tiler, /*block_first=*/false);
}

}  // namespace tilescale::layout
