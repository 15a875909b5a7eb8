#include "cc/layout/complement.h"

#include <tvm/ffi/error.h>

#include <algorithm>

namespace tilescale::layout {

namespace {

std::string ToString(const StaticMode& mode) {
  return std::to_string(mode.shape) + ":" + std::to_string(mode.stride);
}

// `covered` is one past the largest value that the modes before `mode` reach.
void CheckMode(const Layout& layout, const StaticMode& mode, int64_t covered) {
  if (mode.stride < 0) {
    TVM_FFI_THROW(ValueError) << "complement of " << layout.ToString() << ": the mode "
                              << ToString(mode) << " has a negative stride";
  }
  if (mode.stride < covered) {
    TVM_FFI_THROW(ValueError) << "complement of " << layout.ToString() << ": the mode "
                              << ToString(mode) << " overlaps the modes of smaller stride, which "
                              << "reach " << covered << " values";
  }
  if (mode.stride % covered != 0) {
    TVM_FFI_THROW(ValueError) << "complement of " << layout.ToString()
                              << ": the stride of the mode " << ToString(mode)
                              << " is no multiple of " << covered
                              << ", the reach of the modes of smaller stride";
  }
}

// A layout whose only moving mode is n:1 may be symbolic: nothing has to be sorted.
bool IsContiguous(const std::vector<Mode>& modes) {
  return modes.size() == 1 && modes[0].stride.Is(1);
}

}  // namespace

Layout Complement(const Layout& layout, const Int& cotarget) {
  if (layout.Size().Is(0)) {
    TVM_FFI_THROW(ValueError) << "complement of the empty layout " << layout.ToString();
  }
  Layout moving = Filter(layout);
  std::vector<Mode> modes = FlatModes(moving);
  if (IsContiguous(modes)) {
    return Coalesce(Layout(CeilDiv(cotarget, modes[0].shape), modes[0].shape));
  }
  std::vector<StaticMode> sorted;
  for (const StaticMode& mode : StaticModes(moving, "complement")) {
    if (mode.shape != 1) sorted.push_back(mode);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const StaticMode& a, const StaticMode& b) { return a.stride < b.stride; });
  std::vector<Mode> result;
  int64_t covered = 1;
  for (const StaticMode& mode : sorted) {
    CheckMode(layout, mode, covered);
    result.push_back({mode.stride / covered, covered});
    covered = (Int(mode.stride) * Int(mode.shape)).Value();
  }
  result.push_back({CeilDiv(cotarget, covered), covered});
  return Coalesce(FromModes(result));
}

}  // namespace tilescale::layout
