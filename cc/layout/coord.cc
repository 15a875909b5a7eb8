// Compact strides and the two directions between flat indices and coordinates.
#include <tvm/ffi/error.h>

#include "cc/layout/int_tuple.h"

namespace tilescale::layout {

namespace {

std::vector<Int> PrefixProducts(const std::vector<Int>& extents) {
  std::vector<Int> strides;
  Int stride(1);
  for (const Int& extent : extents) {
    strides.push_back(stride);
    stride = stride * extent;
  }
  return strides;
}

}  // namespace

IntTuple CompactColumnMajor(const IntTuple& shape) {
  return Unflatten(PrefixProducts(Flatten(shape)), shape);
}

IntTuple CompactRowMajor(const IntTuple& shape) {
  std::vector<Int> extents = Flatten(shape);
  std::vector<Int> reversed(extents.rbegin(), extents.rend());
  std::vector<Int> strides = PrefixProducts(reversed);
  return Unflatten(std::vector<Int>(strides.rbegin(), strides.rend()), shape);
}

IntTuple IndexToCoord(const Int& index, const IntTuple& shape) {
  std::vector<Int> extents = Flatten(shape);
  size_t last = extents.size();
  for (size_t i = 0; i < extents.size(); ++i) {
    if (!extents[i].Is(1)) last = i;
  }
  std::vector<Int> coord(extents.size(), Int(0));
  Int rest = index;
  for (size_t i = 0; i < extents.size() && i < last; ++i) {
    if (extents[i].Is(1)) continue;
    coord[i] = FloorMod(rest, extents[i]);
    rest = FloorDiv(rest, extents[i]);
  }
  if (last < extents.size()) coord[last] = rest;
  return Unflatten(coord, shape);
}

Int CoordToIndex(const IntTuple& coord, const IntTuple& shape, const IntTuple& stride) {
  if (shape.IsLeaf()) {
    if (!coord.IsLeaf()) {
      TVM_FFI_THROW(ValueError) << "coordinate " << coord.ToString() << " is deeper than the mode "
                                << shape.ToString() << ":" << stride.ToString();
    }
    return coord.Leaf() * stride.Leaf();
  }
  if (coord.IsLeaf()) return CoordToIndex(IndexToCoord(coord.Leaf(), shape), shape, stride);
  if (coord.Rank() != shape.Rank()) {
    TVM_FFI_THROW(ValueError) << "coordinate " << coord.ToString() << " has rank " << coord.Rank()
                              << ", the shape " << shape.ToString() << " has rank " << shape.Rank();
  }
  Int index(0);
  for (int i = 0; i < shape.Rank(); ++i) {
    index = index + CoordToIndex(coord[i], shape[i], stride[i]);
  }
  return index;
}

}  // namespace tilescale::layout
