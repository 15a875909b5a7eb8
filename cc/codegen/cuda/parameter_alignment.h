#ifndef TILESCALE_CC_CODEGEN_CUDA_PARAMETER_ALIGNMENT_H_
#define TILESCALE_CC_CODEGEN_CUDA_PARAMETER_ALIGNMENT_H_

#include <vector>

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::codegen::cuda {

/// Bytes that a parameter's address must be a multiple of.
struct ParameterAlignment {
  /// In each variant of the kernel: for the elements of its views, and for what the user's own
  /// instructions and functions do with it.
  int64_t all = 1;
  /// In this variant, for its vector accesses.
  int64_t vectors = 1;
};

/// What a lowered kernel needs of each of its parameters; 1 for scalars.
std::vector<ParameterAlignment> ParameterAlignments(const ir::PrimFunc& lowered,
                                                    const lower::cuda::Context& context);

}  // namespace tilescale::codegen::cuda

#endif  // TILESCALE_CC_CODEGEN_CUDA_PARAMETER_ALIGNMENT_H_
