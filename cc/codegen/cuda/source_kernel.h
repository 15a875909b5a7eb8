#ifndef TILESCALE_CC_CODEGEN_CUDA_SOURCE_KERNEL_H_
#define TILESCALE_CC_CODEGEN_CUDA_SOURCE_KERNEL_H_

#include <string>
#include <vector>

#include "cc/ir/stmt.h"

namespace tilescale::codegen::cuda {

/// A kernel that the user wrote in CUDA C++.
struct SourceKernel {
  std::string text;   // the user's, whose entry has C linkage
  std::string entry;  // the function that is launched
};

/// Whether the grid launches a kernel of the user's (`T.CUDASourceCodeKernel`).
bool IsSourceKernel(const ir::TileLoopObj* grid);

/// Takes the kernel from the attributes of the grid. `params` are the parameters that the launch
/// passes, "float* __restrict__ A" or "int32_t N", in order; throws `SourceKernelError` if the
/// entry takes others.
SourceKernel TakeSourceKernel(const ir::TileLoopObj* grid, const std::vector<std::string>& params);

}  // namespace tilescale::codegen::cuda

#endif  // TILESCALE_CC_CODEGEN_CUDA_SOURCE_KERNEL_H_
