#include "cc/op/reducer.h"

#include "cc/lower/common/reducer.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

ir::Stmt LowerInit(const ir::TileOp& op, const Context&) {
  const auto* init = op.as<op::ReducerInitObj>();
  return StoreIdentity(init->reducer, init->kind, init->span);
}

ir::Stmt LowerUpdate(const ir::TileOp& op, const Context&) {
  const auto* update = op.as<op::ReducerUpdateObj>();
  return UpdateElement(update->reducer, update->indices, update->value, update->kind, update->span);
}

ir::Stmt LowerFinalize(const ir::TileOp& op, const Context&) {
  const auto* finalize = op.as<op::ReducerFinalizeObj>();
  return CopyResults(finalize->reducer, finalize->dst, finalize->span);
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterLowering(op::ReducerInitObj::_type_key, LowerInit),
    RegisterLowering(op::ReducerUpdateObj::_type_key, LowerUpdate),
    RegisterLowering(op::ReducerFinalizeObj::_type_key, LowerFinalize),
};

}  // namespace
}  // namespace tilescale::lower::cpu
