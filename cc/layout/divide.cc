#include "cc/layout/divide.h"

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/error.h>

#include "cc/layout/complement.h"
#include "cc/layout/compose.h"

namespace tilescale::layout {

using tvm::ffi::Any;
using tvm::ffi::AnyView;
using tvm::ffi::Array;

namespace {

Layout DivideByLayout(const Layout& layout, const Layout& tiler) {
  Int size = Coalesce(layout).Size();
  return Compose(layout, Concat({tiler, Complement(tiler, size)}));
}

void AppendModes(const Layout& layout, std::vector<Layout>* out) {
  if (layout.Shape().IsLeaf()) {
    out->push_back(layout);
    return;
  }
  for (const Layout& mode : layout.Modes()) out->push_back(mode);
}

}  // namespace

Layout TilerLayout(const AnyView& tiler) {
  if (auto layout = tiler.as<Layout>()) return *layout;
  return Layout(IntTuple(Int::FromAny(tiler)), IntTuple(1));
}

int TilerRank(const Layout& layout, const AnyView& tiler) {
  auto modes = tiler.as<Array<Any>>();
  if (!modes) return -1;
  if (static_cast<int>(modes->size()) > layout.Rank()) {
    TVM_FFI_THROW(ValueError) << "the tiler has " << modes->size() << " modes, the layout "
                              << layout.ToString() << " has " << layout.Rank();
  }
  return static_cast<int>(modes->size());
}

Layout ComposeTiler(const Layout& layout, const AnyView& tiler) {
  int rank = TilerRank(layout, tiler);
  if (rank < 0) return Compose(layout, TilerLayout(tiler));
  Array<Any> tilers = tiler.cast<Array<Any>>();
  std::vector<Layout> modes;
  for (int i = 0; i < rank; ++i) {
    modes.push_back(tilers[i] == nullptr ? layout[i] : ComposeTiler(layout[i], tilers[i]));
  }
  return Concat(modes);
}

Layout LogicalDivide(const Layout& layout, const AnyView& tiler) {
  int rank = TilerRank(layout, tiler);
  if (rank < 0) return DivideByLayout(layout, TilerLayout(tiler));
  Array<Any> tilers = tiler.cast<Array<Any>>();
  std::vector<Layout> modes = layout.Modes();
  for (int i = 0; i < rank; ++i) {
    if (tilers[i] != nullptr) modes[i] = LogicalDivide(modes[i], tilers[i]);
  }
  return Concat(modes);
}

Layout ZipPairs(const Layout& pairs, int num_pairs) {
  std::vector<Layout> first;
  std::vector<Layout> second;
  for (int i = 0; i < pairs.Rank(); ++i) {
    if (i < num_pairs) first.push_back(pairs[i][0]);
    second.push_back(i < num_pairs ? pairs[i][1] : pairs[i]);
  }
  return Concat({Concat(first), Concat(second)});
}

Layout UnpackRest(const Layout& zipped) {
  std::vector<Layout> modes = {zipped[0]};
  AppendModes(zipped[1], &modes);
  return Concat(modes);
}

Layout UnpackBoth(const Layout& zipped) {
  std::vector<Layout> modes;
  AppendModes(zipped[0], &modes);
  AppendModes(zipped[1], &modes);
  return Concat(modes);
}

Layout ZippedDivide(const Layout& layout, const AnyView& tiler) {
  int rank = TilerRank(layout, tiler);
  if (rank < 0) return LogicalDivide(layout, tiler);
  // A mode left whole is all tile: its rest is a single step.
  Array<Any> tilers = tiler.cast<Array<Any>>();
  Layout divided = LogicalDivide(layout, tiler);
  std::vector<Layout> pairs = divided.Modes();
  for (int i = 0; i < rank; ++i) {
    if (tilers[i] == nullptr) pairs[i] = Concat({pairs[i], Layout(IntTuple(1), IntTuple(0))});
  }
  return ZipPairs(Concat(pairs), rank);
}

Layout TiledDivide(const Layout& layout, const AnyView& tiler) {
  return UnpackRest(ZippedDivide(layout, tiler));
}

Layout FlatDivide(const Layout& layout, const AnyView& tiler) {
  return UnpackBoth(ZippedDivide(layout, tiler));
}

}  // namespace tilescale::layout
