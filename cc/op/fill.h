#ifndef TILESCALE_CC_OP_FILL_H_
#define TILESCALE_CC_OP_FILL_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

/// Every element of dst = value, converted to its type. `T.clear` is a fill with 0.
class FillObj : public ir::TileOpObj {
 public:
  ir::Region dst;
  ir::Expr value;

  FillObj(ir::Region dst, ir::Expr value, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        dst(std::move(dst)),
        value(std::move(value)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Fill", FillObj, ir::TileOpObj);
};
class Fill : public ir::TileOp {
 public:
  Fill(ir::Region dst, ir::Expr value, ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<FillObj>(std::move(dst), std::move(value), std::move(attrs),
                                         std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Fill, ir::TileOp, FillObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_FILL_H_
