#ifndef TILESCALE_CC_OP_LOAD_OPERAND_H_
#define TILESCALE_CC_OP_LOAD_OPERAND_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

/// dst = src, as `Copy`; dst is a fragment that a matrix instruction will read as its A (is_a) or
/// B, in a product of `m` x `n` elements; src and dst are transposed as the product's operand is.
/// Schedules make it, to read operands before the product needs them. attrs: instruction (its
/// name), policy (see `Gemm`).
class LoadOperandObj : public ir::TileOpObj {
 public:
  ir::Region src;
  ir::Region dst;
  bool is_a;
  bool transposed;
  int64_t m;
  int64_t n;

  LoadOperandObj(ir::Region src, ir::Region dst, bool is_a, bool transposed, int64_t m, int64_t n,
                 ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        src(std::move(src)),
        dst(std::move(dst)),
        is_a(is_a),
        transposed(transposed),
        m(m),
        n(n) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.LoadOperand", LoadOperandObj, ir::TileOpObj);
};
class LoadOperand : public ir::TileOp {
 public:
  LoadOperand(ir::Region src, ir::Region dst, bool is_a, bool transposed, int64_t m, int64_t n,
              ir::AttrMap attrs, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<LoadOperandObj>(std::move(src), std::move(dst), is_a, transposed, m,
                                                n, std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(LoadOperand, ir::TileOp, LoadOperandObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_LOAD_OPERAND_H_
