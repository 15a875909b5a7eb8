// Reducers: shared memory that threads update atomically.
#include "cc/op/reducer.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

using Kind = op::ReduceKind;

const char* AtomicOf(Kind kind) {
  switch (kind) {
    case Kind::kSum:
    case Kind::kAbsSum:
      return "atomic_add";
    case Kind::kMax:
    case Kind::kAbsMax:
      return "atomic_max";
    case Kind::kMin:
      return "atomic_min";
    case Kind::kBitAnd:
      return "atomic_and";
    case Kind::kBitOr:
      return "atomic_or";
    case Kind::kBitXor:
      return "atomic_xor";
  }
  TILESCALE_FAIL("no atomic operation combines as reduction " << static_cast<int64_t>(kind));
}

ir::Stmt LowerInit(const ir::TileOp& op, const Context&) {
  const auto* init = op.as<op::ReducerInitObj>();
  std::vector<ir::Expr> extents(init->reducer->shape.begin(), init->reducer->shape.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> indices = AsExprs(vars);
  ir::Stmt store = ir::Store(init->reducer, {indices.begin(), indices.end()},
                             op::ReduceIdentity(init->kind, init->reducer->dtype), init->span);
  return ParallelOver(vars, extents, store, init->span);
}

ir::Stmt LowerUpdate(const ir::TileOp& op, const Context&) {
  const auto* update = op.as<op::ReducerUpdateObj>();
  const ir::DType type = update->reducer->dtype;
  ir::Expr value = ir::MakeCast(type, update->value);
  bool absolute = update->kind == Kind::kAbsSum || update->kind == Kind::kAbsMax;
  if (absolute) value = ir::MakeCall("abs", {value}, {}, type);
  ir::Expr address = ir::AddressOf(update->reducer, update->indices);
  ir::Expr call = ir::MakeCall(AtomicOf(update->kind), {address, value}, {}, type);
  return ir::Evaluate(call, update->span);
}

ir::Stmt LowerFinalize(const ir::TileOp& op, const Context&) {
  const auto* finalize = op.as<op::ReducerFinalizeObj>();
  // The reducer itself may be what is read afterwards.
  if (finalize->dst->buffer.same_as(finalize->reducer)) return ir::Seq(ffi::Array<ir::Stmt>());
  ir::Region whole = ir::Region::Full(finalize->reducer);
  std::vector<ir::Expr> extents = op::SqueezedExtents(whole);
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> point = AsExprs(vars);
  ir::Expr value = ir::MakeCast(finalize->dst->buffer->dtype,
                                ir::Load(finalize->reducer, SqueezedIndicesAt(whole, point)));
  ir::Stmt store = ir::Store(finalize->dst->buffer, SqueezedIndicesAt(finalize->dst, point), value,
                             finalize->span);
  return ParallelOver(vars, extents, store, finalize->span);
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterElementwise(op::ReducerInitObj::_type_key, LowerInit),
    RegisterElementwise(op::ReducerUpdateObj::_type_key, LowerUpdate),
    RegisterElementwise(op::ReducerFinalizeObj::_type_key, LowerFinalize),
};

}  // namespace
}  // namespace tilescale::lower::cuda
