#include "cc/layout/index_map.h"

#include <tvm/ffi/error.h>

#include <algorithm>

#include "cc/ir/mutator.h"
#include "cc/layout/expr_table.h"
#include "cc/layout/fit.h"
#include "cc/layout/int_expr.h"

namespace tilescale::layout {

using ir::Expr;
using ir::Var;
using tvm::ffi::Array;
using tvm::ffi::Shape;

namespace {

std::vector<int64_t> ToVector(const Shape& shape) { return {shape.begin(), shape.end()}; }

Shape OutputShape(const Array<Expr>& outputs, const std::vector<std::vector<int64_t>>& values) {
  std::vector<int64_t> extents;
  for (size_t k = 0; k < values.size(); ++k) {
    int64_t extent = 0;
    for (int64_t value : values[k]) {
      if (value < 0) {
        TVM_FFI_THROW(ValueError) << "output " << k << " of the layout function, `"
                                  << ExprText(outputs[k]) << "`, takes the negative value "
                                  << value;
      }
      extent = std::max(extent, value + 1);
    }
    extents.push_back(extent);
  }
  return Shape(extents);
}

// Row-major values at colexicographic positions (first dimension fastest).
std::vector<int64_t> ColumnMajorOrder(const Shape& shape, const std::vector<int64_t>& values) {
  Layout row_major(IntTuple::FromAny(shape), CompactRowMajor(IntTuple::FromAny(shape)));
  std::vector<int64_t> out;
  for (int64_t i : Enumerate(row_major, "layout function")) out.push_back(values[i]);
  return out;
}

std::optional<ComposedLayout> FitWith(const Swizzle& swizzle, const Shape& shape,
                                      const std::vector<int64_t>& values) {
  int64_t offset = swizzle.Apply(values[0]);
  auto fitted =
      FitLayout(ToVector(shape), [&](int64_t i) { return swizzle.Apply(values[i]) - offset; });
  if (!fitted) return std::nullopt;
  for (const Mode& mode : FlatModes(*fitted)) {
    if (mode.stride.Value() < 0) return std::nullopt;
  }
  return ComposedLayout(swizzle, offset, *fitted);
}

std::optional<ComposedLayout> FitSwizzled(const Shape& shape, const std::vector<int64_t>& values) {
  if (values.empty()) return std::nullopt;
  if (auto plain = FitWith(Swizzle(0, 0, 0), shape, values)) return plain;
  int64_t largest = *std::max_element(values.begin(), values.end());
  for (int64_t bits = 1; (largest >> (2 * bits - 1)) != 0; ++bits) {
    for (int64_t shift = bits; (largest >> (shift + bits - 1)) != 0; ++shift) {
      for (int64_t base = 0; (largest >> (base + shift + bits - 1)) != 0; ++base) {
        for (int64_t sign : {1, -1}) {
          if (auto found = FitWith(Swizzle(bits, base, sign * shift), shape, values)) return found;
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace

IndexMap::IndexMap(const Array<Var>& vars, const Shape& input_shape, const Array<Expr>& outputs)
    : ObjectRef(tvm::ffi::UnsafeInit()) {
  if (vars.size() != input_shape.size()) {
    TVM_FFI_THROW(ValueError) << "a layout of " << input_shape.size() << " dimensions has "
                              << vars.size() << " index variables";
  }
  for (int64_t extent : input_shape) {
    if (extent < 0) TVM_FFI_THROW(ValueError) << "a layout has the negative extent " << extent;
  }
  auto node = tvm::ffi::make_object<IndexMapObj>();
  node->vars = vars;
  node->input_shape = input_shape;
  node->outputs = outputs;
  node->output_shape = OutputShape(outputs, Tabulate(vars, ToVector(input_shape), outputs));
  data_ = std::move(node);
}

Array<Expr> IndexMap::Map(const Array<Expr>& indices) const {
  if (indices.size() != get()->vars.size()) {
    TVM_FFI_THROW(ValueError) << "a layout of " << get()->vars.size() << " dimensions cannot map "
                              << indices.size() << " indices";
  }
  ir::VarMap values;
  for (size_t d = 0; d < indices.size(); ++d) values.emplace(get()->vars[d].get(), indices[d]);
  Array<Expr> mapped;
  for (const Expr& output : get()->outputs) mapped.push_back(ir::Substitute(output, values));
  return mapped;
}

std::vector<int64_t> IndexMap::Offsets() const {
  auto values = Tabulate(get()->vars, ToVector(get()->input_shape), get()->outputs);
  size_t count = 1;
  for (int64_t extent : get()->input_shape) count *= extent;
  std::vector<int64_t> offsets(count, 0);
  for (size_t k = 0; k < values.size(); ++k) {
    for (size_t i = 0; i < values[k].size(); ++i) {
      offsets[i] = offsets[i] * get()->output_shape[k] + values[k][i];
    }
  }
  return offsets;
}

std::string IndexMap::ToString() const {
  std::string text = "Layout((";
  for (size_t d = 0; d < get()->vars.size(); ++d) {
    text += (d ? ", " : "") + std::string(get()->vars[d]->name) + " < " +
            std::to_string(get()->input_shape[d]);
  }
  text += ") -> (";
  for (size_t k = 0; k < get()->outputs.size(); ++k) {
    text += (k ? ", " : "") + ExprText(get()->outputs[k]);
  }
  return text + "))";
}

std::optional<ComposedLayout> Recognize(const IndexMap& map) {
  return FitSwizzled(map->input_shape, ColumnMajorOrder(map->input_shape, map.Offsets()));
}

bool SameMap(const IndexMap& a, const IndexMap& b) {
  return ToVector(a->input_shape) == ToVector(b->input_shape) &&
         ToVector(a->output_shape) == ToVector(b->output_shape) && a.Offsets() == b.Offsets();
}

IndexMap IndexMap::FromTable(const Shape& input_shape, const std::vector<int64_t>& values) {
  int64_t size = Product(IntTuple::FromAny(input_shape)).Value();
  if (size != static_cast<int64_t>(values.size()) || size == 0) {
    TVM_FFI_THROW(ValueError) << "a layout of " << size << " elements cannot come from a table of "
                              << values.size();
  }
  if (*std::min_element(values.begin(), values.end()) < 0) {
    TVM_FFI_THROW(ValueError) << "a layout table holds a negative offset";
  }
  auto composed = FitSwizzled(input_shape, ColumnMajorOrder(input_shape, values));
  if (composed) return FromComposed(*composed, input_shape);
  TVM_FFI_THROW(ValueError) << "the table is no swizzle of a shape:stride layout";
}

}  // namespace tilescale::layout
