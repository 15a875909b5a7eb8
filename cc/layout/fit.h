// Recognition: which shape:stride layout, if any, produces given values.
#ifndef TILESCALE_CC_LAYOUT_FIT_H_
#define TILESCALE_CC_LAYOUT_FIT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cc/layout/layout.h"

namespace tilescale::layout {

// The coalesced modes whose flat enumeration is value(0), value(1), ... value(size-1); value(0)
// must be 0. Complete: nullopt means that no layout has these values.
std::optional<std::vector<StaticMode>> FitSequence(int64_t size,
                                                   const std::function<int64_t(int64_t)>& value);

// A layout with one mode for each extent, each refined as needed, whose value at the flat index i
// (first extent fastest) is value(i). Complete in the same sense.
std::optional<Layout> FitLayout(const std::vector<int64_t>& extents,
                                const std::function<int64_t(int64_t)>& value);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_FIT_H_
