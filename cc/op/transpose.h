#ifndef TILESCALE_CC_OP_TRANSPOSE_H_
#define TILESCALE_CC_OP_TRANSPOSE_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

/// dst[j, i] = src[i, j] of two 2-D boxes in different buffers.
class TransposeObj : public ir::TileOpObj {
 public:
  ir::Region src;
  ir::Region dst;

  TransposeObj(ir::Region src, ir::Region dst, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)), src(std::move(src)), dst(std::move(dst)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Transpose", TransposeObj, ir::TileOpObj);
};
class Transpose : public ir::TileOp {
 public:
  Transpose(ir::Region src, ir::Region dst, ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<TransposeObj>(std::move(src), std::move(dst), std::move(attrs),
                                              std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Transpose, ir::TileOp, TransposeObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_TRANSPOSE_H_
