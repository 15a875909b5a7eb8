#include <tvm/ffi/container/array.h>
#include <tvm/ffi/error.h>

#include "cc/layout/layout.h"

namespace tilescale::layout {

using tvm::ffi::Any;
using tvm::ffi::AnyView;
using tvm::ffi::Array;

namespace {

// Appends the free modes of `layout` under `coord` to `free`; returns the offset of the fixed ones.
Int SliceInto(const Layout& layout, const AnyView& coord, std::vector<Layout>* free) {
  if (coord == nullptr) {
    free->push_back(layout);
    return 0;
  }
  auto modes = coord.as<Array<Any>>();
  if (!modes) return layout(IntTuple::FromAny(coord));
  if (layout.Shape().IsLeaf() || static_cast<int>(modes->size()) != layout.Rank()) {
    TVM_FFI_THROW(ValueError) << "a coordinate of rank " << modes->size()
                              << " cannot slice the layout " << layout.ToString();
  }
  Int offset(0);
  for (int i = 0; i < layout.Rank(); ++i) offset = offset + SliceInto(layout[i], (*modes)[i], free);
  return offset;
}

}  // namespace

std::pair<Layout, Int> Slice(const Layout& layout, const AnyView& coord) {
  std::vector<Layout> free;
  Int offset = SliceInto(layout, coord, &free);
  return {free.size() == 1 ? free[0] : Concat(free), offset};
}

}  // namespace tilescale::layout
