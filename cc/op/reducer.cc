#include "cc/op/reducer.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

void RequireReducer(const ir::TileOp& op, const ir::Buffer& buffer) {
  if (buffer.IsScope(ir::scope::kReducer)) return;
  ErrorAt("ReducerScopeError", op)
      .Message("`" + std::string(buffer->name) + "` is not a reducer")
      .Expected("a buffer from T.alloc_reducer")
      .Got("scope " + std::string(buffer->scope))
      .Remedy("allocate it with T.alloc_reducer(shape, dtype, op)")
      .Throw();
}

ir::Region Element(const ReducerUpdateObj* update) {
  ffi::Array<ir::Expr> ones;
  for (size_t i = 0; i < update->indices.size(); ++i) ones.push_back(ir::Expr(1));
  return ir::Region(update->reducer, update->indices, ones);
}

Effects InitEffects(const ir::TileOp& op) {
  Effects effects;
  effects.writes = {ir::Region::Full(op.as<ReducerInitObj>()->reducer)};
  return effects;
}

Effects UpdateEffects(const ir::TileOp& op) {
  Effects effects;
  effects.accumulates = {Element(op.as<ReducerUpdateObj>())};
  effects.issuer = Issuer::kThread;
  effects.replicable = false;
  return effects;
}

Effects FinalizeEffects(const ir::TileOp& op) {
  const auto* finalize = op.as<ReducerFinalizeObj>();
  Effects effects;
  effects.reads = {ir::Region::Full(finalize->reducer)};
  effects.writes = {finalize->dst};
  return effects;
}

void VerifyInit(const ir::TileOp& op) { RequireReducer(op, op.as<ReducerInitObj>()->reducer); }

void VerifyUpdate(const ir::TileOp& op) {
  const auto* update = op.as<ReducerUpdateObj>();
  RequireReducer(op, update->reducer);
  if (static_cast<int>(update->indices.size()) == update->reducer.ndim()) return;
  ErrorAt("ReducerShapeError", op)
      .Message("a reducer is updated one element at a time")
      .Expected(std::to_string(update->reducer.ndim()) + " indices")
      .Got(std::to_string(update->indices.size()))
      .Remedy("index every dimension of the reducer")
      .Throw();
}

void VerifyFinalize(const ir::TileOp& op) {
  const auto* finalize = op.as<ReducerFinalizeObj>();
  RequireReducer(op, finalize->reducer);
  ir::Region whole = ir::Region::Full(finalize->reducer);
  if (MayBeEqual(SqueezedExtents(whole), SqueezedExtents(finalize->dst))) return;
  ErrorAt("ReducerShapeError", op)
      .Message("the destination of `T.finalize_reducer` has another shape than the reducer")
      .Expected(ExtentsText(whole))
      .Got(ExtentsText(finalize->dst))
      .Remedy("allocate the destination with the reducer's shape")
      .Throw();
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterOp(ReducerInitObj::_type_key, {"reducer_init", InitEffects, VerifyInit}),
    RegisterOp(ReducerUpdateObj::_type_key, {"reducer_update", UpdateEffects, VerifyUpdate}),
    RegisterOp(ReducerFinalizeObj::_type_key,
               {"reducer_finalize", FinalizeEffects, VerifyFinalize}),
};

}  // namespace
}  // namespace tilescale::op
