#ifndef TILESCALE_CC_CODEGEN_CUDA_CHECK_RESOURCES_H_
#define TILESCALE_CC_CODEGEN_CUDA_CHECK_RESOURCES_H_

#include <string>
#include <vector>

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::codegen::cuda {

/// Programs of a kernel that the user wants on one multiprocessor; 0 if there is no wish.
int64_t BlocksPerMultiprocessor(const ir::PrimFunc& written);

/// Compares what a lowered kernel needs of a multiprocessor with what the architecture has.
/// `written` is the program as the user wrote it, with all hints. What cannot run is an error:
/// `RegisterLimitError` for arrays of a thread that exceed its local memory; `ThreadLimitError` and
/// `SharedMemoryLimitError` where the blocks that are to share a multiprocessor do not fit there.
/// Returns a note for each array that runs slowly because no thread has that many registers.
std::vector<std::string> CheckResources(const ir::PrimFunc& written, const ir::PrimFunc& lowered,
                                        const lower::cuda::Context& context);

}  // namespace tilescale::codegen::cuda

#endif  // TILESCALE_CC_CODEGEN_CUDA_CHECK_RESOURCES_H_
