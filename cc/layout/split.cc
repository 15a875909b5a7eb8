#include "cc/layout/split.h"

#include <tvm/ffi/error.h>

#include <numeric>
#include <string>

namespace tilescale::layout {

namespace {

// The leaves of `layout` replaced one by one.
template <typename Fn>
Layout MapLeaves(const Layout& layout, Fn fn) {
  std::vector<Int> shape;
  std::vector<Int> stride;
  for (const Mode& mode : FlatModes(layout)) {
    Mode mapped = fn(mode);
    shape.push_back(mapped.shape);
    stride.push_back(mapped.stride);
  }
  return Layout(Unflatten(shape, layout.Shape()), Unflatten(stride, layout.Shape()));
}

// The largest power of two that divides a constant extent; 1 for others.
int64_t PowerOfTwoPart(const Int& extent) {
  if (!extent.IsConst() || extent.Value() == 0) return 1;
  return extent.Value() & -extent.Value();
}

// Length of the runs of consecutive values at consecutive indices.
int64_t VectorLength(const Layout& layout) {
  std::vector<StaticMode> modes = StaticModes(Coalesce(layout), "common vector");
  if (modes.size() == 1 && modes[0].shape == 1) return 1;
  return modes[0].stride == 1 ? modes[0].shape : 1;
}

// Whether the mode enumerates neighbours.
bool RunsInside(const Mode& mode) { return mode.stride.Is(1) && !mode.shape.Is(1); }

[[noreturn]] void ThrowSplitElement(const Layout& layout, int64_t factor,
                                    const std::string& reason) {
  TVM_FFI_THROW(ValueError) << layout.ToString() << " cannot be recast by a factor of " << factor
                            << ": " << reason;
}

void CheckRecast(const Layout& layout, int64_t factor) {
  if (factor < 1) ThrowSplitElement(layout, factor, "it must be positive");
  int runs = 0;
  for (const Mode& mode : FlatModes(layout)) runs += RunsInside(mode) ? 1 : 0;
  if (runs != 1) ThrowSplitElement(layout, factor, "not exactly one mode of stride 1 moves");
}

Mode UpcastMode(const Mode& mode, int64_t factor, const Layout& layout) {
  if (mode.shape.Is(1)) return {1, 0};
  const Int& count = RunsInside(mode) ? mode.shape : mode.stride;
  if (!ProvablyDivides(factor, count)) {
    ThrowSplitElement(layout, factor,
                      "the mode " + mode.shape.ToString() + ":" + mode.stride.ToString() +
                          " splits the large elements");
  }
  if (RunsInside(mode)) return {FloorDiv(mode.shape, factor), 1};
  return {mode.shape, FloorDiv(mode.stride, factor)};
}

}  // namespace

std::pair<Layout, Layout> SplitPowerOfTwo(const Layout& layout) {
  Layout inner = MapLeaves(
      layout, [](const Mode& mode) { return Mode{PowerOfTwoPart(mode.shape), mode.stride}; });
  Layout outer = MapLeaves(layout, [](const Mode& mode) {
    Int block(PowerOfTwoPart(mode.shape));
    return Mode{FloorDiv(mode.shape, block), mode.stride * block};
  });
  return {inner, outer};
}

int64_t MaxCommonVector(const Layout& a, const Layout& b) {
  return std::gcd(VectorLength(a), VectorLength(b));
}

Layout Upcast(const Layout& layout, int64_t factor) {
  CheckRecast(layout, factor);
  return MapLeaves(layout, [&](const Mode& mode) { return UpcastMode(mode, factor, layout); });
}

Layout Downcast(const Layout& layout, int64_t factor) {
  CheckRecast(layout, factor);
  return MapLeaves(layout, [&](const Mode& mode) {
    if (RunsInside(mode)) return Mode{mode.shape * Int(factor), 1};
    return Mode{mode.shape, mode.stride * Int(factor)};
  });
}

}  // namespace tilescale::layout
