// The inverse of an index map, coordinate by coordinate.
#include <tvm/ffi/error.h>

#include "cc/layout/compose.h"
#include "cc/layout/digits.h"
#include "cc/layout/index_map.h"
#include "cc/layout/inverse.h"

namespace tilescale::layout {

using ir::Expr;
using ir::Var;
using tvm::ffi::Array;

namespace {

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
  // A bijection has offset 0: some element lies at 0, which no swizzle moves.
  if (composed->swizzle->bits != 0) {
    return DigitsAt(Concat({inverse}), {composed->swizzle(physical(IntTuple(point)))});
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
  auto digits = ElementDigits(map, composed, RightInverse(composed.Inner()), vars);
  Array<Expr> outputs;
  for (const Int& index : CoordOfDigits(digits, map->input_shape)) {
    outputs.push_back(index.ToExpr());
  }
  return IndexMap(vars, map->output_shape, outputs);
}

}  // namespace tilescale::layout
