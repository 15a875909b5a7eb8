#include "cc/op/print.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

Effects PrintEffects(const ir::TileOp& op) {
  Effects effects;
  for (const ffi::Any& value : op.as<PrintObj>()->values) {
    if (auto region = value.as<ir::Region>()) effects.reads.push_back(*region);
  }
  effects.replicable = false;
  return effects;
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(PrintObj::_type_key, {"print", PrintEffects, [](const ir::TileOp&) {}});

}  // namespace
}  // namespace tilescale::op
