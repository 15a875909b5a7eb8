// New index maps from old ones.
#include <tvm/ffi/error.h>

#include "cc/layout/index_map.h"

namespace tilescale::layout {

using ir::Expr;
using ir::Var;
using tvm::ffi::Array;
using tvm::ffi::Shape;

namespace {

Array<Var> IndexVars(size_t count) {
  Array<Var> vars;
  for (size_t d = 0; d < count; ++d) {
    vars.push_back(Var("i" + std::to_string(d), ir::dtype::Int(32)));
  }
  return vars;
}

Int Flatten(const Array<Expr>& coord, const Shape& shape) {
  Int flat(0);
  for (size_t d = 0; d < shape.size(); ++d) flat = flat * Int(shape[d]) + Int(coord[d]);
  return flat;
}

// Row-major coordinates of a flat index below the size of `shape`.
Array<Expr> Unflatten(Int flat, const Shape& shape) {
  std::vector<Expr> reversed;
  for (size_t d = shape.size(); d-- > 0;) {
    bool first = d == 0;
    reversed.push_back((first ? flat : FloorMod(flat, Int(shape[d]))).ToExpr());
    flat = first ? flat : FloorDiv(flat, Int(shape[d]));
  }
  return Array<Expr>(reversed.rbegin(), reversed.rend());
}

Array<Expr> AsExprs(const Array<Var>& vars) { return Array<Expr>(vars.begin(), vars.end()); }

int64_t Volume(const Shape& shape) { return Product(IntTuple::FromAny(shape)).Value(); }

}  // namespace

IndexMap IndexMap::FromComposed(const ComposedLayout& composed, const Shape& input_shape) {
  Array<Var> vars = IndexVars(input_shape.size());
  std::vector<IntTuple> coord;
  for (const Var& var : vars) coord.emplace_back(Int(var));
  return IndexMap(vars, input_shape, {composed(IntTuple(coord)).ToExpr()});
}

IndexMap RepeatDim(const IndexMap& map, int64_t dim, int64_t factor) {
  int64_t rank = static_cast<int64_t>(map->input_shape.size());
  if (dim < -rank || dim >= rank || factor < 1) {
    TVM_FFI_THROW(ValueError) << "cannot repeat dimension " << dim << " of a layout of " << rank
                              << " dimensions " << factor << " times";
  }
  dim = dim < 0 ? dim + rank : dim;
  Int extent(map->input_shape[dim]);
  Array<Var> vars = IndexVars(rank);
  Array<Expr> inner = AsExprs(vars);
  inner.Set(dim, FloorMod(Int(vars[dim]), extent).ToExpr());
  Array<Expr> outputs = map.Map(inner);
  outputs.insert(outputs.begin(), FloorDiv(Int(vars[dim]), extent).ToExpr());
  std::vector<int64_t> shape(map->input_shape.begin(), map->input_shape.end());
  shape[dim] *= factor;
  return IndexMap(vars, Shape(shape), outputs);
}

IndexMap Expand(const IndexMap& map, const Shape& leading) {
  Array<Var> vars = IndexVars(leading.size() + map->input_shape.size());
  Array<Expr> outputs(vars.begin(), vars.begin() + leading.size());
  for (const Expr& output : map.Map(Array<Expr>(vars.begin() + leading.size(), vars.end()))) {
    outputs.push_back(output);
  }
  std::vector<int64_t> shape(leading.begin(), leading.end());
  shape.insert(shape.end(), map->input_shape.begin(), map->input_shape.end());
  return IndexMap(vars, Shape(shape), outputs);
}

IndexMap Reshape(const IndexMap& map, const Shape& shape, int64_t scale_num, int64_t scale_den) {
  if (scale_num < 1 || scale_den < 1 ||
      Volume(shape) * scale_num != Volume(map->input_shape) * scale_den) {
    TVM_FFI_THROW(ValueError) << "cannot view the " << Volume(map->input_shape) << " elements of "
                              << map.ToString() << " as " << Volume(shape) << " elements of "
                              << scale_num << "/" << scale_den << " the size";
  }
  Array<Var> vars = IndexVars(shape.size());
  Int flat = FloorDiv(Flatten(AsExprs(vars), shape) * Int(scale_num), Int(scale_den));
  return IndexMap(vars, shape, map.Map(Unflatten(flat, map->input_shape)));
}

}  // namespace tilescale::layout
