#ifndef TILESCALE_CC_PASS_NARROW_INDICES_H_
#define TILESCALE_CC_PASS_NARROW_INDICES_H_

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// Computes in 32 bits what provably fits, with the limits that the launch checks
/// (`Context::index_bits`): GPUs have no 64-bit integer unit. Flooring divisions of
/// what is provably not negative become truncating ones, which GPUs have.
///
/// Must run after `LegalizeMemory`, which decides guards on exact 64-bit indices.
ir::PrimFunc NarrowIndices(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_NARROW_INDICES_H_
