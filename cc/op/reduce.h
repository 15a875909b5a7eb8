#ifndef TILESCALE_CC_OP_REDUCE_H_
#define TILESCALE_CC_OP_REDUCE_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

enum class ReduceKind : int64_t {
  kSum,
  kMax,
  kMin,
  kAbsSum,
  kAbsMax,
  kBitAnd,
  kBitOr,
  kBitXor,
};
/// "sum", "max", "min", "abssum", "absmax", "bitand", "bitor", "bitxor".
const char* ReduceKindName(ReduceKind kind);
/// The value that changes nothing: 0 for sums, the type's lowest for max, all ones for bitand, ...
ir::Expr ReduceIdentity(ReduceKind kind, ir::DType dtype);
/// acc combined with one more element (already of acc's type; |x| is taken here for abs kinds).
ir::Expr ReduceCombine(ReduceKind kind, ir::Expr acc, ir::Expr element);

/// dst = combination of src along dimension `dim` (counted without negative values), in dst's type.
/// dst has src's extents without `dim`, or with 1 there. Without `clear` dst's old value takes
/// part. A reduction over 0 elements gives the identity. nan_propagate: max and min give NaN if any
/// is.
class ReduceObj : public ir::TileOpObj {
 public:
  ir::Region src;
  ir::Region dst;
  int64_t dim;
  ReduceKind kind;
  bool clear;
  bool nan_propagate;

  ReduceObj(ir::Region src, ir::Region dst, int64_t dim, ReduceKind kind, bool clear,
            bool nan_propagate, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        src(std::move(src)),
        dst(std::move(dst)),
        dim(dim),
        kind(kind),
        clear(clear),
        nan_propagate(nan_propagate) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Reduce", ReduceObj, ir::TileOpObj);
};
class Reduce : public ir::TileOp {
 public:
  Reduce(ir::Region src, ir::Region dst, int64_t dim, ReduceKind kind, bool clear,
         bool nan_propagate, ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<ReduceObj>(std::move(src), std::move(dst), dim, kind, clear,
                                           nan_propagate, std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Reduce, ir::TileOp, ReduceObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_REDUCE_H_
