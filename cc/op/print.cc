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

int64_t DimsOf(const ffi::Any& value) {
  auto region = value.as<ir::Region>();
  return region ? static_cast<int64_t>((*region)->mins.size()) : 0;
}

ir::TileOp RenumberPrint(const ir::TileOp& op, const ir::TileOp& before) {
  const auto* print = op.as<PrintObj>();
  const auto* written = before.as<PrintObj>();
  ffi::Array<int64_t> in_front;
  for (size_t i = 0; i < print->values.size(); ++i) {
    in_front.push_back(DimsOf(print->values[i]) - DimsOf(written->values[i]));
  }
  ir::AttrMap attrs = print->attrs;
  attrs.Set(kDimsInFront, in_front);
  return Print(print->msg, print->values, attrs, print->span);
}

[[maybe_unused]] const bool kRegistered = RegisterOp(
    PrintObj::_type_key, {"print", PrintEffects, [](const ir::TileOp&) {}, RenumberPrint});

}  // namespace
}  // namespace tilescale::op
