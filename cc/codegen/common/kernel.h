#ifndef TILESCALE_CC_CODEGEN_COMMON_KERNEL_H_
#define TILESCALE_CC_CODEGEN_COMMON_KERNEL_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "cc/ir/function.h"

namespace tilescale::codegen {

/// Where on-chip buffers lie in the memory that holds them, in bytes.
using Offsets = std::unordered_map<const ir::BufferObj*, int64_t>;

/// A lowered kernel in parts.
struct Kernel {
  ir::PrimFunc func;
  /// The statements before the grid.
  std::vector<ir::Stmt> prologue;
  const ir::TileLoopObj* grid;
};

/// Takes a kernel apart; throws `MissingKernelError` if it has no grid.
Kernel TakeApart(const ir::PrimFunc& func);

/// The places that a planning pass wrote into attribute `key`: one for each allocation, -1 for
/// none.
Offsets PlannedOffsets(const ir::PrimFunc& func, const char* key);

}  // namespace tilescale::codegen

#endif  // TILESCALE_CC_CODEGEN_COMMON_KERNEL_H_
