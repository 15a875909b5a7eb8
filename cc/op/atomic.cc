#include "cc/op/atomic.h"

#include "cc/op/verify.h"

namespace tilescale::op {

const char* AtomicKindName(AtomicKind kind) {
  constexpr const char* kNames[] = {"add", "max", "min", "or", "and", "xor", "exch"};
  return kNames[static_cast<size_t>(kind)];
}

namespace {

Effects AtomicEffects(const ir::TileOp& op) {
  const auto* atomic = op.as<AtomicObj>();
  Effects effects;
  effects.reads = {atomic->src};
  effects.accumulates = {atomic->dst};
  effects.replicable = false;
  return effects;
}

bool IsBitwise(AtomicKind kind) {
  return kind == AtomicKind::kOr || kind == AtomicKind::kAnd || kind == AtomicKind::kXor;
}

void VerifyAtomic(const ir::TileOp& op) {
  const auto* atomic = op.as<AtomicObj>();
  std::string name = "`T.atomic_" + std::string(AtomicKindName(atomic->kind)) + "`";
  ir::DType type = atomic->dst->buffer->dtype;
  if (!MayBeEqual(SqueezedExtents(atomic->src), SqueezedExtents(atomic->dst))) {
    ErrorAt("AtomicShapeError", op)
        .Message(name + " has regions of different shapes")
        .Expected(ExtentsText(atomic->dst))
        .Got(ExtentsText(atomic->src))
        .Remedy("slice the larger side to the other's extents")
        .Throw();
  }
  if (IsBitwise(atomic->kind) && ir::dtype::IsFloat(type)) {
    ErrorAt("AtomicDTypeError", op)
        .Message(name + " needs integers")
        .Expected("an integer destination")
        .Got(ir::dtype::Name(type))
        .Remedy("use atomic_add, atomic_max or atomic_min for floating types")
        .Throw();
  }
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(AtomicObj::_type_key, {"atomic", AtomicEffects, VerifyAtomic});

}  // namespace
}  // namespace tilescale::op
