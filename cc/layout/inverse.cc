#include "cc/layout/inverse.h"

#include <tvm/ffi/error.h>

#include <algorithm>

#include "cc/layout/complement.h"

namespace tilescale::layout {

namespace {

// A mode with the stride it has in the flat index of its layout.
struct IndexedMode {
  StaticMode mode;
  int64_t index_stride;
};

std::vector<IndexedMode> MovingModes(const Layout& layout) {
  std::vector<IndexedMode> modes;
  Int index_stride(1);
  for (const StaticMode& mode : StaticModes(layout, "inverse")) {
    if (mode.shape != 1 && mode.stride > 0) modes.push_back({mode, index_stride.Value()});
    index_stride = index_stride * Int(mode.shape);
  }
  std::stable_sort(modes.begin(), modes.end(), [](const IndexedMode& a, const IndexedMode& b) {
    return a.mode.stride < b.mode.stride;
  });
  return modes;
}

void CheckInjective(const Layout& layout) {
  for (const Mode& mode : FlatModes(layout)) {
    if (mode.stride.Is(0) && !mode.shape.Is(1)) {
      TVM_FFI_THROW(ValueError) << "left inverse of " << layout.ToString() << ": the mode "
                                << mode.shape.ToString() << ":0 broadcasts, so the layout is not "
                                << "injective";
    }
  }
}

}  // namespace

Layout RightInverse(const Layout& layout) {
  if (layout.Size().Is(0)) return Layout(IntTuple(0), IntTuple(0));
  std::vector<StaticMode> result;
  int64_t reached = 1;
  for (const IndexedMode& indexed : MovingModes(layout)) {
    if (indexed.mode.stride != reached) continue;
    result.push_back({indexed.mode.shape, indexed.index_stride});
    reached = (Int(reached) * Int(indexed.mode.shape)).Value();
  }
  return Coalesce(FromModes(result));
}

Layout LeftInverse(const Layout& layout) {
  CheckInjective(layout);
  return RightInverse(Concat({layout, Complement(layout, layout.Cosize())}));
}

}  // namespace tilescale::layout
