// Operators whose elements are independent: the `Parallel` loops are those of the CPU target.
#include "cc/lower/cpu/lowering.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/op/fill.h"
#include "cc/op/scan.h"
#include "cc/op/transpose.h"

namespace tilescale::lower::cuda {
namespace {

ir::Stmt LowerElementwise(const ir::TileOp& op, const Context& context) {
  return cpu::LowerTileOp(op, context);
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterLowering(op::FillObj::_type_key, LowerElementwise),
    RegisterLowering(op::TransposeObj::_type_key, LowerElementwise),
    // One thread for each line.
    RegisterLowering(op::ScanObj::_type_key, LowerElementwise),
};

}  // namespace
}  // namespace tilescale::lower::cuda
