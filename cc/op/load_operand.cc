#include "cc/op/load_operand.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

Effects LoadOperandEffects(const ir::TileOp& op) {
  const auto* load = op.as<LoadOperandObj>();
  Effects effects;
  effects.reads = {load->src};
  effects.writes = {load->dst};
  return effects;
}

// Only the compiler makes it.
void VerifyLoadOperand(const ir::TileOp& op) {
  const auto* load = op.as<LoadOperandObj>();
  TILESCALE_CHECK(SqueezedExtents(load->src).size() == SqueezedExtents(load->dst).size(),
                  "an operand of another rank than its fragment");
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(LoadOperandObj::_type_key, {"load_operand", LoadOperandEffects, VerifyLoadOperand});

}  // namespace
}  // namespace tilescale::op
