#include "cc/lower/common/elementwise.h"

#include "cc/lower/cuda/lowering.h"
#include "cc/op/atomic.h"
#include "cc/op/fill.h"
#include "cc/op/transpose.h"

namespace tilescale::lower::cuda {
namespace {

[[maybe_unused]] const bool kRegistered[] = {
    RegisterElementwise(op::AtomicObj::_type_key, LowerAtomic),
    RegisterElementwise(op::FillObj::_type_key, LowerFill),
    RegisterElementwise(op::TransposeObj::_type_key, LowerTranspose),
};

}  // namespace
}  // namespace tilescale::lower::cuda
