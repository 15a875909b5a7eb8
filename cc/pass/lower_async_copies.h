#ifndef TILESCALE_CC_PASS_LOWER_ASYNC_COPIES_H_
#define TILESCALE_CC_PASS_LOWER_ASYNC_COPIES_H_

#include <string>
#include <unordered_set>

#include "cc/arith/prover.h"
#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"
#include "cc/op/copy.h"

namespace tilescale::pass {

/// A `Copy` with this attribute need not be finished before `ptx_wait_group`: "pipeline" if that
/// wait says that it completes the copy, "user" otherwise.
inline constexpr const char* kAsyncCopy = "async";
inline constexpr const char* kOfPipeline = "pipeline";

/// What a kernel says about buffers that decides how they can be copied.
struct CopyFacts {
  /// Reads outside give a value other than 0.
  std::unordered_set<const ir::BufferObj*> safe_valued;
};
CopyFacts CollectCopyFacts(const ir::Stmt& body);

/// How much one cp.async moves of a copy: 16, 8 or 4 bytes; 0 if none can, with the reason.
struct AsyncWidth {
  int64_t bytes = 0;
  std::string reason;
};
AsyncWidth FindAsyncWidth(const op::CopyObj* copy, const CopyFacts& facts,
                          const lower::cuda::Context& context);

/// Turns copies marked `kAsyncCopy` into loops over cp.async, dealt to the threads so that
/// neighbours read neighbouring vectors. A vector is inside the source or outside as a whole;
/// outside it becomes 0. Copies that no cp.async can do become plain copies at the same place: they
/// arrive earlier; if the user asked for the instruction (`prefer_instruction`),
/// `UnsupportedInstructionError` says why it cannot be.
///
/// Must run after `ExpandPipelines`, which marks copies, and before `LowerElementwise`, which
/// lowers the plain ones.
ir::PrimFunc LowerAsyncCopies(const ir::PrimFunc& func, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOWER_ASYNC_COPIES_H_
