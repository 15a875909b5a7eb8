#include "cc/layout/inverse.h"

#include <tvm/ffi/error.h>

#include <algorithm>

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

void CheckBroadcast(const Layout& layout) {
  for (const StaticMode& mode : StaticModes(layout, "left inverse")) {
    if (mode.shape == 1 || mode.stride > 0) continue;
    TVM_FFI_THROW(ValueError) << "left inverse of " << layout.ToString() << ": the mode "
                              << mode.shape << ":" << mode.stride
                              << (mode.stride == 0 ? " broadcasts, so the layout is not injective"
                                                   : " has a negative stride");
  }
}

// `stride` is that of the mode with the next larger stride.
void CheckStep(const Layout& layout, const StaticMode& mode, int64_t stride) {
  if (stride % mode.stride == 0 && stride / mode.stride >= mode.shape) return;
  TVM_FFI_THROW(ValueError) << "left inverse of " << layout.ToString()
                            << ": the next larger stride " << stride << " after the mode "
                            << mode.shape << ":" << mode.stride
                            << (stride % mode.stride == 0 ? " overlaps it"
                                                          : " is no multiple of it");
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
  if (layout.Size().Is(0)) return Layout(IntTuple(0), IntTuple(0));
  CheckBroadcast(layout);
  std::vector<IndexedMode> modes = MovingModes(layout);
  std::vector<StaticMode> result;
  if (!modes.empty()) result.push_back({modes[0].mode.stride, 0});
  for (size_t i = 0; i < modes.size(); ++i) {
    const StaticMode& mode = modes[i].mode;
    bool last = i + 1 == modes.size();
    if (!last) CheckStep(layout, mode, modes[i + 1].mode.stride);
    int64_t extent = last ? mode.shape : modes[i + 1].mode.stride / mode.stride;
    result.push_back({extent, modes[i].index_stride});
  }
  return Coalesce(FromModes(result));
}

}  // namespace tilescale::layout
