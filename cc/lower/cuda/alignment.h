#ifndef TILESCALE_CC_LOWER_CUDA_ALIGNMENT_H_
#define TILESCALE_CC_LOWER_CUDA_ALIGNMENT_H_

#include <unordered_set>

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::lower::cuda {

/// The buffers of global memory whose alignment a launch can check: tensor parameters, tensors that
/// start where a pointer parameter points, and views of either.
std::unordered_set<const ir::BufferObj*> FindCheckedTensors(const ir::PrimFunc& func);

/// Whether one instruction moves 32 bytes of global memory.
bool HasWideVectors(const Context& context);

/// Bytes that the first element of a buffer is known to be a multiple of. On chip, where the
/// compiler places buffers, 16; of tensors what the launch checks, and otherwise one element.
int64_t BaseAlignment(const ir::Buffer& buffer, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_ALIGNMENT_H_
