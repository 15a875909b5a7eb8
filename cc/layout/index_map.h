// IndexMap: a layout that a user gives as a function of the indices, logical coordinates to
// physical ones. What it maps to and from is row-major. Where the function is a swizzle of a
// shape:stride layout it is recognised as one, and the algebra applies.
#ifndef TILESCALE_CC_LAYOUT_INDEX_MAP_H_
#define TILESCALE_CC_LAYOUT_INDEX_MAP_H_

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/object.h>

#include <optional>
#include <string>
#include <vector>

#include "cc/ir/expr.h"
#include "cc/layout/composed.h"

namespace tilescale::layout {

class IndexMapObj : public tvm::ffi::Object {
 public:
  tvm::ffi::Array<ir::Var> vars;
  tvm::ffi::Shape input_shape;
  tvm::ffi::Array<ir::Expr> outputs;
  // One past the largest value of each output.
  tvm::ffi::Shape output_shape;

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.IndexMap", IndexMapObj, tvm::ffi::Object);
};

class IndexMap : public tvm::ffi::ObjectRef {
 public:
  // Throws ValueError for an output that is negative somewhere or is no integer arithmetic on
  // `vars`.
  IndexMap(const tvm::ffi::Array<ir::Var>& vars, const tvm::ffi::Shape& input_shape,
           const tvm::ffi::Array<ir::Expr>& outputs);
  // The map of a layout over coordinates of `input_shape` to a flat offset.
  static IndexMap FromComposed(const ComposedLayout& composed, const tvm::ffi::Shape& input_shape);
  // The map with these row-major values; throws ValueError if it is no swizzle of a layout.
  static IndexMap FromTable(const tvm::ffi::Shape& input_shape, const std::vector<int64_t>& values);

  tvm::ffi::Array<ir::Expr> Map(const tvm::ffi::Array<ir::Expr>& indices) const;
  // Row-major offset in the output shape of each row-major input coordinate.
  std::vector<int64_t> Offsets() const;
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(IndexMap, tvm::ffi::ObjectRef, IndexMapObj);
};

// The offsets as a swizzle of a layout with one top-level mode per input dimension.
std::optional<ComposedLayout> Recognize(const IndexMap& map);
// Same domain, same offsets, same output shape.
bool SameMap(const IndexMap& a, const IndexMap& b);
// From physical coordinates to logical ones. Throws ValueError if the map is no bijection onto its
// output shape or its inverse has no closed form.
IndexMap Inverse(const IndexMap& map);
// One more output in front: which of `factor` copies along dimension `dim`.
IndexMap RepeatDim(const IndexMap& map, int64_t dim, int64_t factor);
// Leading dimensions that map to themselves.
IndexMap Expand(const IndexMap& map, const tvm::ffi::Shape& leading);
// The same elements under another logical shape: element f of `shape` is element f * scale_num /
// scale_den of the map's input. Throws ValueError if the sizes disagree.
IndexMap Reshape(const IndexMap& map, const tvm::ffi::Shape& shape, int64_t scale_num,
                 int64_t scale_den);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_INDEX_MAP_H_
