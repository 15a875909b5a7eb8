// Coordinates of an element whose flat index is given digit by digit, without building the index
// and dividing it again.
#ifndef TILESCALE_CC_LAYOUT_DIGITS_H_
#define TILESCALE_CC_LAYOUT_DIGITS_H_

#include <tvm/ffi/container/shape.h>

#include <vector>

#include "cc/layout/layout.h"

namespace tilescale::layout {

// Part of a flat index (first dimension fastest): value * stride with 0 <= value < extent.
struct Digit {
  Int value;
  int64_t extent;
  int64_t stride;
};

// One digit per leaf of a static layout, at a coordinate with one entry per top-level mode.
std::vector<Digit> DigitsAt(const Layout& layout, const std::vector<Int>& coord);

// The coordinate in a box of `shape` of the sum of the digits. Digits that span several dimensions
// are split; where they do not split evenly, or carry, the sum itself is divided.
std::vector<Int> CoordOfDigits(const std::vector<Digit>& digits, const tvm::ffi::Shape& shape);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_DIGITS_H_
