// What is inside a cubin, an ELF file of machine code for one architecture.
#ifndef TILESCALE_CC_RUNTIME_CUDA_CUBIN_H_
#define TILESCALE_CC_RUNTIME_CUDA_CUBIN_H_

#include <string>
#include <string_view>
#include <vector>

namespace tilescale::runtime::cuda {

// Names of the functions that are defined with global binding: the kernels, and with relocatable
// code also device functions. Empty if `cubin` is no such file.
std::vector<std::string> GlobalFunctions(std::string_view cubin);

}  // namespace tilescale::runtime::cuda

#endif  // TILESCALE_CC_RUNTIME_CUDA_CUBIN_H_
