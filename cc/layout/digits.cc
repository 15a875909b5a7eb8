#include "cc/layout/digits.h"

namespace tilescale::layout {

using tvm::ffi::Shape;

namespace {

// A coordinate as it is gathered, with the largest value that each entry can have.
struct Gathered {
  std::vector<Int> coord;
  std::vector<int64_t> reach;
};

// Adds a digit to the dimensions that it covers; false if it does not split evenly.
bool AddDigit(Digit digit, const Shape& shape, Gathered* out) {
  int64_t unit = 1;
  for (size_t d = 0; d < shape.size() && digit.extent > 1; ++d) {
    int64_t end = unit * shape[d];
    if (digit.stride >= end) {
      unit = end;
      continue;
    }
    if (digit.stride % unit != 0) return false;
    bool last = digit.stride * (digit.extent - 1) < end;
    int64_t fits = last ? digit.extent : end / digit.stride;
    if (!last && (end % digit.stride != 0 || digit.extent % fits != 0)) return false;
    Int part = last ? digit.value : FloorMod(digit.value, fits);
    out->coord[d] = out->coord[d] + part * Int(digit.stride / unit);
    out->reach[d] += (fits - 1) * (digit.stride / unit);
    if (last) return true;
    digit = {FloorDiv(digit.value, fits), digit.extent / fits, end};
    unit = end;
  }
  return digit.extent <= 1;
}

}  // namespace

std::vector<Digit> DigitsAt(const Layout& layout, const std::vector<Int>& coord) {
  std::vector<Digit> digits;
  for (size_t k = 0; k < coord.size(); ++k) {
    Layout mode = layout[static_cast<int>(k)];
    std::vector<Int> values = Flatten(IndexToCoord(coord[k], mode.Shape()));
    std::vector<StaticMode> leaves = StaticModes(mode, "inverse");
    for (size_t i = 0; i < leaves.size(); ++i) {
      if (leaves[i].stride == 0) continue;
      digits.push_back({values[i], leaves[i].shape, leaves[i].stride});
    }
  }
  return digits;
}

std::vector<Int> CoordOfDigits(const std::vector<Digit>& digits, const Shape& shape) {
  Gathered gathered{std::vector<Int>(shape.size(), 0), std::vector<int64_t>(shape.size(), 0)};
  bool even = true;
  Int index(0);
  for (const Digit& digit : digits) {
    even = even && AddDigit(digit, shape, &gathered);
    index = index + digit.value * Int(digit.stride);
  }
  for (size_t d = 0; d < shape.size(); ++d) even = even && gathered.reach[d] < shape[d];
  return even ? gathered.coord : Flatten(IndexToCoord(index, IntTuple::FromAny(shape)));
}

}  // namespace tilescale::layout
