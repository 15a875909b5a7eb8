#include "cc/layout/fit.h"

namespace tilescale::layout {

// A mode ends exactly where the values leave the arithmetic progression, because coalesced
// neighbours never continue one another; so the first deviation fixes the extent of each mode.
std::optional<std::vector<StaticMode>> FitSequence(int64_t size,
                                                   const std::function<int64_t(int64_t)>& value) {
  std::vector<StaticMode> modes;
  if (size == 0) return std::vector<StaticMode>{{0, 0}};
  if (value(0) != 0) return std::nullopt;
  int64_t block = 1;
  while (block < size) {
    int64_t stride = value(block);
    int64_t extent = 1;
    while (extent * block < size && value(extent * block) == extent * stride) ++extent;
    if (size % (extent * block) != 0) return std::nullopt;
    modes.push_back({extent, stride});
    block *= extent;
  }
  Layout fitted = FromModes(modes);
  std::vector<int64_t> expected = Enumerate(fitted, "fit");
  for (int64_t i = 0; i < size; ++i) {
    if (value(i) != expected[i]) return std::nullopt;
  }
  return modes;
}

std::optional<Layout> FitLayout(const std::vector<int64_t>& extents,
                                const std::function<int64_t(int64_t)>& value) {
  std::vector<Layout> modes;
  int64_t block = 1;
  for (int64_t extent : extents) {
    auto fitted = FitSequence(extent, [&](int64_t i) { return value(i * block); });
    if (!fitted) return std::nullopt;
    modes.push_back(FromModes(*fitted));
    block *= extent;
  }
  Layout layout = Concat(modes);
  std::vector<int64_t> expected = Enumerate(layout, "fit");
  for (int64_t i = 0; i < block; ++i) {
    if (value(i) != expected[i]) return std::nullopt;
  }
  return layout;
}

}  // namespace tilescale::layout
