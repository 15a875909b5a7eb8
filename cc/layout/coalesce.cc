// Operations that change the profile of a layout but not its function.
#include <tvm/ffi/error.h>

#include "cc/layout/layout.h"

namespace tilescale::layout {

namespace {

std::vector<Mode> CoalescedModes(const std::vector<Mode>& modes) {
  std::vector<Mode> out;
  for (const Mode& mode : modes) {
    if (mode.shape.Is(0)) return {{0, 0}};
    if (mode.shape.Is(1)) continue;
    if (!out.empty() && ProvablyEqual(mode.stride, out.back().shape * out.back().stride)) {
      out.back().shape = out.back().shape * mode.shape;
    } else {
      out.push_back(mode);
    }
  }
  return out;
}

}  // namespace

Layout Coalesce(const Layout& layout) { return FromModes(CoalescedModes(FlatModes(layout))); }

Layout CoalesceModes(const Layout& layout) {
  if (layout.Shape().IsLeaf()) return Coalesce(layout);
  std::vector<Layout> modes;
  for (const Layout& mode : layout.Modes()) modes.push_back(Coalesce(mode));
  return Concat(modes);
}

Layout Filter(const Layout& layout) {
  std::vector<Mode> kept;
  for (const Mode& mode : FlatModes(layout)) {
    if (mode.shape.Is(0)) return FromModes(std::vector<Mode>{{0, 0}});
    if (!mode.stride.Is(0)) kept.push_back(mode);
  }
  return FromModes(CoalescedModes(kept));
}

Layout FlattenLayout(const Layout& layout) {
  if (layout.Shape().IsLeaf()) return layout;
  std::vector<Layout> leaves;
  for (const Mode& mode : FlatModes(layout)) leaves.emplace_back(mode.shape, mode.stride);
  return Concat(leaves);
}

Layout GroupModes(const Layout& layout, int begin, int end) {
  if (begin < 0 || begin > end || end > layout.Rank()) {
    TVM_FFI_THROW(ValueError) << "cannot group the modes [" << begin << ", " << end << ") of "
                              << layout.ToString() << ", which has rank " << layout.Rank();
  }
  std::vector<Layout> modes = layout.Modes();
  std::vector<Layout> out(modes.begin(), modes.begin() + begin);
  out.push_back(Concat(std::vector<Layout>(modes.begin() + begin, modes.begin() + end)));
  out.insert(out.end(), modes.begin() + end, modes.end());
  return Concat(out);
}

std::vector<int64_t> Enumerate(const Layout& layout, const char* operation) {
  std::vector<int64_t> values = {0};
  Int size = layout.Size();
  if (size.IsConst() && size.Value() > kMaxEnumeration) {
    TVM_FFI_THROW(ValueError) << operation << " would enumerate the " << size.Value()
                              << " elements of " << layout.ToString() << "; the limit is "
                              << kMaxEnumeration;
  }
  for (const StaticMode& mode : StaticModes(layout, operation)) {
    std::vector<int64_t> next;
    next.reserve(values.size() * mode.shape);
    for (int64_t i = 0; i < mode.shape; ++i) {
      for (int64_t value : values) next.push_back(value + i * mode.stride);
    }
    values = std::move(next);
  }
  return values;
}

}  // namespace tilescale::layout
