#ifndef TILESCALE_CC_OP_GEMM_H_
#define TILESCALE_CC_OP_GEMM_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

/// c += op(a) * op(b), or c = ... with clear_accum; a is M x K (K x M if trans_a), b is K x N (N x
/// K if trans_b), c is M x N; each product and sum is in c's type. Leading extents of 1 are
/// ignored. attrs: policy (how warps share the tile: a hint), instruction.
class GemmObj : public ir::TileOpObj {
 public:
  ir::Region a;
  ir::Region b;
  ir::Region c;
  bool trans_a;
  bool trans_b;
  bool clear_accum;

  GemmObj(ir::Region a, ir::Region b, ir::Region c, bool trans_a, bool trans_b, bool clear_accum,
          ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        a(std::move(a)),
        b(std::move(b)),
        c(std::move(c)),
        trans_a(trans_a),
        trans_b(trans_b),
        clear_accum(clear_accum) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Gemm", GemmObj, ir::TileOpObj);
};
class Gemm : public ir::TileOp {
 public:
  Gemm(ir::Region a, ir::Region b, ir::Region c, bool trans_a, bool trans_b, bool clear_accum,
       ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<GemmObj>(std::move(a), std::move(b), std::move(c), trans_a, trans_b,
                                         clear_accum, std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Gemm, ir::TileOp, GemmObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_GEMM_H_
