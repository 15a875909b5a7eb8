#ifndef TILESCALE_CC_LOWER_CUDA_CONTEXT_H_
#define TILESCALE_CC_LOWER_CUDA_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "cc/ir/buffer.h"
#include "cc/lower/common/context.h"

namespace tilescale::lower::cuda {

/// Threads of a block if `T.Kernel` does not say: four warps.
inline constexpr int64_t kDefaultThreads = 128;
inline constexpr int64_t kWarpSize = 32;

/// So that a symbol may be rounded up to whole tiles in 32 bits.
inline constexpr int64_t kMaxIndex32Symbol = INT32_MAX - (int64_t{1} << 20);

/// The longest access of one thread to shared memory, and to global memory on most architectures.
inline constexpr int64_t kVectorBytes = 16;
/// The longest access of one thread to global memory from sm_100 on.
inline constexpr int64_t kWideVectorBytes = 32;

class Layouts;

/// A symbol that is taken for a multiple so that vectors fit into the rows of a tensor.
struct DivisibleSize {
  const ir::BufferObj* tensor;
  ir::Var symbol;
  /// A power of two, at most the elements of 16 bytes.
  int64_t multiple;
};

/// The options of one compilation for a CUDA target: those that all targets have, and its own.
struct Context : lower::Context {
  /// "sm_80": decides which instructions there are.
  std::string arch = "sm_80";
  /// Threads of a block, all dimensions together.
  int64_t threads = kDefaultThreads;
  /// The number of this thread in its block; bound at the start of the grid's body.
  ir::Var thread{"tx", ir::dtype::Int(32)};
  /// 32: the launch checks that each element of each tensor parameter has a 32-bit offset, and that
  /// extents which are symbols are at most `kMaxIndex32Symbol`. 64: tensors have any size.
  int64_t index_bits = 32;
  /// Bytes that the launch checks tensors to start at multiples of.
  int64_t tensor_alignment = kVectorBytes;
  /// The tensors of global memory for which it does.
  std::unordered_set<const ir::BufferObj*> checked_tensors;
  /// What the launch checks of dynamic sizes.
  std::vector<DivisibleSize> divisible;
  /// What `InferLayouts` has decided; set while `LowerCudaTileOps` lowers operators, null
  /// otherwise.
  std::shared_ptr<const Layouts> layouts;
};

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_CONTEXT_H_
