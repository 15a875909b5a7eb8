// Between linear maps and shape:stride layouts with a swizzle on top.
#include <tvm/ffi/error.h>

#include <algorithm>

#include "cc/layout/linear_f2.h"

namespace tilescale::layout {

namespace {

int64_t BitLength(int64_t value) {
  int64_t bits = 0;
  while (value >> bits) ++bits;
  return bits;
}

int64_t Log2Extent(const StaticMode& mode, const Layout& layout) {
  int64_t log = BitLength(mode.shape) - 1;
  if (mode.shape < 1 || mode.shape != int64_t{1} << log || mode.stride < 0) {
    TVM_FFI_THROW(ValueError) << layout.ToString() << " is not linear over F2: the mode "
                              << mode.shape << ":" << mode.stride
                              << " needs a power-of-two extent and a non-negative stride";
  }
  return log;
}

std::vector<int64_t> LayoutBasis(const Layout& layout) {
  std::vector<int64_t> basis;
  int64_t used = 0;
  for (const StaticMode& mode : StaticModes(layout, "conversion to a linear map")) {
    int64_t log = Log2Extent(mode, layout);
    for (int64_t k = 0; k < log; ++k) {
      int64_t image = (Int(mode.stride) * Int(int64_t{1} << k)).Value();
      if ((used & image) != 0) {
        TVM_FFI_THROW(ValueError) << layout.ToString() << " is not linear over F2: the mode "
                                  << mode.shape << ":" << mode.stride
                                  << " carries into bits that other modes set";
      }
      used |= image;
      basis.push_back(image);
    }
  }
  return basis;
}

int64_t BasisBits(const std::vector<int64_t>& basis) {
  int64_t bits = 0;
  for (int64_t image : basis) bits = std::max(bits, BitLength(image));
  return bits;
}

std::vector<int64_t> Swizzled(const LinearF2& map, const Swizzle& swizzle) {
  std::vector<int64_t> basis;
  for (int64_t image : map->basis) basis.push_back(swizzle.Apply(image));
  return basis;
}

bool Disjoint(const std::vector<int64_t>& basis) {
  int64_t used = 0;
  for (int64_t image : basis) {
    if ((used & image) != 0) return false;
    used |= image;
  }
  return true;
}

Layout DisjointLayout(const std::vector<int64_t>& basis) {
  std::vector<StaticMode> modes;
  for (int64_t image : basis) modes.push_back({2, image});
  return Coalesce(FromModes(modes));
}

// Tries all swizzles of `bits` bits, small shifts and bases first.
std::optional<ComposedLayout> UnswizzleWith(const LinearF2& map, int64_t bits) {
  for (int64_t distance = bits; distance + bits <= map.OutBits(); ++distance) {
    for (int64_t base = 0; base + bits + distance <= map.OutBits(); ++base) {
      for (int64_t shift : {distance, -distance}) {
        Swizzle swizzle(bits, base, shift);
        std::vector<int64_t> basis = Swizzled(map, swizzle);
        if (Disjoint(basis)) return ComposedLayout(swizzle, 0, DisjointLayout(basis));
      }
    }
  }
  return std::nullopt;
}

}  // namespace

LinearF2 LinearF2::FromLayout(const Layout& layout) {
  std::vector<int64_t> basis = LayoutBasis(layout);
  int64_t out_bits = BasisBits(basis);
  return LinearF2(std::move(basis), out_bits);
}

LinearF2 LinearF2::FromSwizzle(const Swizzle& swizzle, int64_t num_bits) {
  if (swizzle->bits > 0 && num_bits < swizzle.BlockBits()) {
    TVM_FFI_THROW(ValueError) << swizzle.ToString() << " needs " << swizzle.BlockBits()
                              << " bits, got " << num_bits;
  }
  std::vector<int64_t> basis;
  for (int64_t k = 0; k < num_bits; ++k) basis.push_back(swizzle.Apply(int64_t{1} << k));
  return LinearF2(std::move(basis), num_bits);
}

LinearF2 LinearF2::FromComposed(const ComposedLayout& composed) {
  if (!composed.Offset().Is(0)) {
    TVM_FFI_THROW(ValueError) << composed.ToString() << " is not linear over F2: its offset is "
                              << composed.Offset().ToString();
  }
  std::vector<int64_t> basis = LayoutBasis(composed.Inner());
  for (int64_t& image : basis) image = composed->swizzle.Apply(image);
  int64_t out_bits = BasisBits(basis);
  return LinearF2(std::move(basis), out_bits);
}

std::optional<Layout> ToLayout(const LinearF2& map) {
  std::vector<int64_t> basis(map->basis.begin(), map->basis.end());
  if (!Disjoint(basis)) return std::nullopt;
  return DisjointLayout(basis);
}

ComposedLayout ToComposed(const LinearF2& map) {
  if (auto layout = ToLayout(map)) return ComposedLayout(*layout);
  for (int64_t bits = 1; 2 * bits <= map.OutBits(); ++bits) {
    if (auto composed = UnswizzleWith(map, bits)) return *composed;
  }
  TVM_FFI_THROW(ValueError) << map.ToString() << " is no swizzle of a shape:stride layout";
}

}  // namespace tilescale::layout
