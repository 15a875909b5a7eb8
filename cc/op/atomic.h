#ifndef TILESCALE_CC_OP_ATOMIC_H_
#define TILESCALE_CC_OP_ATOMIC_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

enum class AtomicKind : int64_t { kAdd, kMax, kMin, kOr, kAnd, kXor, kExch };
/// "add", "max", "min", "or", ...
const char* AtomicKindName(AtomicKind kind);

/// dst[i] = dst[i] kind src[i] for each element of the box, each update indivisible to all
/// programs. Elements of one global tensor may be updated from many programs at once; no order
/// among them. attrs: memory_order ("relaxed" by default), use_tma. The scalar form that returns
/// the old value is the intrinsic `atomic_<kind>`(AddressOf, value).
class AtomicObj : public ir::TileOpObj {
 public:
  ir::Region dst;
  ir::Region src;
  AtomicKind kind;

  AtomicObj(ir::Region dst, ir::Region src, AtomicKind kind, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        dst(std::move(dst)),
        src(std::move(src)),
        kind(kind) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Atomic", AtomicObj, ir::TileOpObj);
};
class Atomic : public ir::TileOp {
 public:
  Atomic(ir::Region dst, ir::Region src, AtomicKind kind, ir::AttrMap attrs = {},
         ir::Span span = ir::Span())
      : TileOp(ffi::make_object<AtomicObj>(std::move(dst), std::move(src), kind, std::move(attrs),
                                           std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Atomic, ir::TileOp, AtomicObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_ATOMIC_H_
