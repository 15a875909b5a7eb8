#include "cc/op/reducer.h"

#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

std::vector<ir::Expr> Shape(const ir::Buffer& buffer) {
  return {buffer->shape.begin(), buffer->shape.end()};
}

ir::Stmt LowerInit(const ir::TileOp& op, const Context&) {
  const auto* init = op.as<op::ReducerInitObj>();
  std::vector<ir::Expr> extents = Shape(init->reducer);
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> indices = AsExprs(vars);
  ir::Stmt store = ir::Store(init->reducer, {indices.begin(), indices.end()},
                             op::ReduceIdentity(init->kind, init->reducer->dtype), init->span);
  return ParallelOver(vars, extents, store, init->span);
}

ir::Stmt LowerUpdate(const ir::TileOp& op, const Context&) {
  const auto* update = op.as<op::ReducerUpdateObj>();
  ir::Expr old = ir::Load(update->reducer, update->indices);
  ir::Expr element = ir::MakeCast(update->reducer->dtype, update->value);
  return ir::Store(update->reducer, update->indices, op::ReduceCombine(update->kind, old, element),
                   update->span);
}

ir::Stmt LowerFinalize(const ir::TileOp& op, const Context&) {
  const auto* finalize = op.as<op::ReducerFinalizeObj>();
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
    RegisterLowering(op::ReducerInitObj::_type_key, LowerInit),
    RegisterLowering(op::ReducerUpdateObj::_type_key, LowerUpdate),
    RegisterLowering(op::ReducerFinalizeObj::_type_key, LowerFinalize),
};

}  // namespace
}  // namespace tilescale::lower::cpu
