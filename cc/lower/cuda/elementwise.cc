#include "cc/lower/common/elementwise.h"

#include "cc/lower/cuda/lowering.h"
#include "cc/op/atomic.h"
#include "cc/op/fill.h"
#include "cc/op/scan.h"
#include "cc/op/transpose.h"

namespace tilescale::lower::cuda {
namespace {

[[maybe_unused]] const bool kRegistered[] = {
    RegisterLowering(op::AtomicObj::_type_key, LowerAtomic),
    RegisterLowering(op::FillObj::_type_key, LowerFill),
    RegisterLowering(op::TransposeObj::_type_key, LowerTranspose),
    RegisterLowering(op::ScanObj::_type_key, LowerScan),
};

}  // namespace
}  // namespace tilescale::lower::cuda
