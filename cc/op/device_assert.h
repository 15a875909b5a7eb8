#ifndef TILESCALE_CC_OP_DEVICE_ASSERT_H_
#define TILESCALE_CC_OP_DEVICE_ASSERT_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

/// Ends the launch with an error that shows `msg` and the source line if `cond` is false.
class DeviceAssertObj : public ir::TileOpObj {
 public:
  ir::Expr cond;
  ffi::String msg;

  DeviceAssertObj(ir::Expr cond, ffi::String msg, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)), cond(std::move(cond)), msg(std::move(msg)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.DeviceAssert", DeviceAssertObj, ir::TileOpObj);
};
class DeviceAssert : public ir::TileOp {
 public:
  DeviceAssert(ir::Expr cond, ffi::String msg, ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<DeviceAssertObj>(std::move(cond), std::move(msg), std::move(attrs),
                                                 std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(DeviceAssert, ir::TileOp, DeviceAssertObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_DEVICE_ASSERT_H_
