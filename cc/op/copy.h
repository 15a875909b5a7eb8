#ifndef TILESCALE_CC_OP_COPY_H_
#define TILESCALE_CC_OP_COPY_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

/// dst = src, converted to dst's type (see ir::Cast), elementwise in row-major order of the two
/// boxes, whose extents agree after dropping extents of 1. The boxes must not overlap in one
/// buffer. Parts outside: reads give 0 or the safe value, writes are dropped. attrs:
/// coalesced_width, loop_layout, prefer_instruction (for GPUs; see `T.copy`), disable_tma and
/// eviction_policy (hints without effect).
class CopyObj : public ir::TileOpObj {
 public:
  ir::Region src;
  ir::Region dst;

  CopyObj(ir::Region src, ir::Region dst, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)), src(std::move(src)), dst(std::move(dst)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Copy", CopyObj, ir::TileOpObj);
};
class Copy : public ir::TileOp {
 public:
  Copy(ir::Region src, ir::Region dst, ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<CopyObj>(std::move(src), std::move(dst), std::move(attrs),
                                         std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Copy, ir::TileOp, CopyObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_COPY_H_
