#ifndef TILESCALE_CC_OP_REDUCER_H_
#define TILESCALE_CC_OP_REDUCER_H_

#include "cc/op/reduce.h"
#include "cc/op/tile_op.h"

namespace tilescale::op {

/// Starts an epoch of a reducer buffer (scope "reducer"): every element is the identity of `kind`.
class ReducerInitObj : public ir::TileOpObj {
 public:
  ir::Buffer reducer;
  ReduceKind kind;

  ReducerInitObj(ir::Buffer reducer, ReduceKind kind, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)), reducer(std::move(reducer)), kind(kind) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.ReducerInit", ReducerInitObj, ir::TileOpObj);
};
class ReducerInit : public ir::TileOp {
 public:
  ReducerInit(ir::Buffer reducer, ReduceKind kind, ir::AttrMap attrs = {},
              ir::Span span = ir::Span())
      : TileOp(ffi::make_object<ReducerInitObj>(std::move(reducer), kind, std::move(attrs),
                                                std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(ReducerInit, ir::TileOp, ReducerInitObj);
};

/// reducer[indices] = reducer[indices] kind value. Many iterations of a `Parallel` may update one
/// element: the only racing write that is allowed.
class ReducerUpdateObj : public ir::TileOpObj {
 public:
  ir::Buffer reducer;
  ffi::Array<ir::Expr> indices;
  ir::Expr value;
  ReduceKind kind;

  ReducerUpdateObj(ir::Buffer reducer, ffi::Array<ir::Expr> indices, ir::Expr value,
                   ReduceKind kind, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        reducer(std::move(reducer)),
        indices(std::move(indices)),
        value(std::move(value)),
        kind(kind) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.ReducerUpdate", ReducerUpdateObj, ir::TileOpObj);
};
class ReducerUpdate : public ir::TileOp {
 public:
  ReducerUpdate(ir::Buffer reducer, ffi::Array<ir::Expr> indices, ir::Expr value, ReduceKind kind,
                ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<ReducerUpdateObj>(std::move(reducer), std::move(indices),
                                                  std::move(value), kind, std::move(attrs),
                                                  std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(ReducerUpdate, ir::TileOp, ReducerUpdateObj);
};

/// Ends the epoch: dst = the combined values (converted).
class ReducerFinalizeObj : public ir::TileOpObj {
 public:
  ir::Buffer reducer;
  ir::Region dst;
  ReduceKind kind;

  ReducerFinalizeObj(ir::Buffer reducer, ir::Region dst, ReduceKind kind, ir::AttrMap attrs,
                     ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        reducer(std::move(reducer)),
        dst(std::move(dst)),
        kind(kind) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.ReducerFinalize", ReducerFinalizeObj,
                                    ir::TileOpObj);
};
class ReducerFinalize : public ir::TileOp {
 public:
  ReducerFinalize(ir::Buffer reducer, ir::Region dst, ReduceKind kind, ir::AttrMap attrs = {},
                  ir::Span span = ir::Span())
      : TileOp(ffi::make_object<ReducerFinalizeObj>(std::move(reducer), std::move(dst), kind,
                                                    std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(ReducerFinalize, ir::TileOp, ReducerFinalizeObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_REDUCER_H_
