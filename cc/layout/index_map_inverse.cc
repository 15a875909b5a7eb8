// The inverse of an index map, coordinate by coordinate.
#include <tvm/ffi/error.h>

#include "cc/layout/compose.h"
#include "cc/layout/index_map.h"
#include "cc/layout/inverse.h"

namespace tilescale::layout {

using ir::Expr;
using ir::Var;
using tvm::ffi::Array;
using tvm::ffi::Shape;

namespace {

// Part of an element's flat index (first dimension fastest): digit * stride, digit < extent.
struct Digit {
  Int value;
  int64_t extent;
  int64_t stride;
};

// The leaves of a static layout at a coordinate with one entry per top-level mode.
std::vector<Digit> DigitsAt(const Layout& layout, const std::vector<Int>& coord) {
  std::vector<Digit> digits;
  for (size_t k = 0; k < coord.size(); ++k) {
    Layout mode = layout[static_cast<int>(k)];
    std::vector<Int> values = Flatten(IndexToCoord(coord[k], mode.Shape()));
    std::vector<StaticMode> leaves = StaticModes(mode, "inverse");
    for (size_t i = 0; i < leaves.size(); ++i) {
      digits.push_back({values[i], leaves[i].shape, leaves[i].stride});
    }
  }
  return digits;
}

// Adds a digit to the coordinates that it covers, splitting it where it spans several dimensions.
void AddDigit(Digit digit, const Shape& shape, std::vector<Int>* coord) {
  int64_t unit = 1;
  for (size_t d = 0; d < shape.size() && digit.extent > 1; ++d) {
    int64_t end = unit * shape[d];
    if (digit.stride < end) {
      int64_t fits = end / digit.stride;
      Int part = digit.extent > fits ? FloorMod(digit.value, fits) : digit.value;
      (*coord)[d] = (*coord)[d] + part * Int(digit.stride / unit);
      digit = {digit.extent > fits ? FloorDiv(digit.value, fits) : digit.value,
               digit.extent > fits ? digit.extent / fits : 1, end};
    }
    unit = end;
  }
}

std::vector<Digit> ElementDigits(const IndexMap& map, const ComposedLayout& composed,
                                 const Layout& inverse, const Array<Var>& vars) {
  IntTuple shape = IntTuple::FromAny(map->output_shape);
  Layout physical(shape, CompactRowMajor(shape));
  std::vector<Int> coord;
  std::vector<IntTuple> point;
  for (const Var& var : vars) {
    coord.emplace_back(var);
    point.emplace_back(coord.back());
  }
  bool plain = composed->swizzle->bits == 0 && composed.Offset().Is(0);
  if (!plain) {
    Int offset = composed->swizzle(physical(IntTuple(point))) - composed.Offset();
    return DigitsAt(Concat({inverse}), {offset});
  }
  try {
    return DigitsAt(Compose(inverse, physical), coord);
  } catch (const tvm::ffi::Error&) {
    // A physical dimension that is no layout by itself: through the flat offset.
    return DigitsAt(Concat({inverse}), {physical(IntTuple(point))});
  }
}

ComposedLayout RequireInvertible(const IndexMap& map) {
  int64_t elements = Product(IntTuple::FromAny(map->input_shape)).Value();
  int64_t places = Product(IntTuple::FromAny(map->output_shape)).Value();
  if (elements != places) {
    TVM_FFI_THROW(ValueError) << map.ToString() << " has no inverse: it maps " << elements
                              << " elements into " << places << " places";
  }
  auto composed = Recognize(map);
  if (!composed || !ProvablyEqual(RightInverse(composed->Inner()).Size(), elements)) {
    TVM_FFI_THROW(ValueError) << map.ToString() << " has no closed inverse: it is no swizzle of an "
                              << "invertible shape:stride layout";
  }
  return *composed;
}

}  // namespace

IndexMap Inverse(const IndexMap& map) {
  ComposedLayout composed = RequireInvertible(map);
  Array<Var> vars;
  for (size_t d = 0; d < map->output_shape.size(); ++d) {
    vars.push_back(Var("i" + std::to_string(d), ir::dtype::Int(32)));
  }
  std::vector<Int> coord(map->input_shape.size(), Int(0));
  for (const Digit& digit : ElementDigits(map, composed, RightInverse(composed.Inner()), vars)) {
    AddDigit(digit, map->input_shape, &coord);
  }
  Array<Expr> outputs;
  for (const Int& index : coord) outputs.push_back(index.ToExpr());
  return IndexMap(vars, map->output_shape, outputs);
}

}  // namespace tilescale::layout
