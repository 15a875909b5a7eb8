// The operands of matrix instructions, from memory to registers.
#ifndef TILESCALE_CC_LOWER_CUDA_GEMM_LOAD_H_
#define TILESCALE_CC_LOWER_CUDA_GEMM_LOAD_H_

#include <vector>

#include "cc/layout/swizzle_chooser.h"
#include "cc/lower/cuda/gemm_plan.h"

namespace tilescale::lower::cuda {

/// The place of one thread in the plan's warps, as variables of its program.
struct WarpPlace {
  ir::Var lane{"lane", ir::dtype::Int(32)};
  ir::Var m{"warp_m", ir::dtype::Int(32)};
  ir::Var n{"warp_n", ir::dtype::Int(32)};
};

/// Constants and loops of thread-level code.
ir::Expr Index(int64_t value);
ir::Stmt Unrolled(const ir::Var& var, int64_t extent, ir::Stmt body, const ir::Span& span);

/// The element of the region's matrix at (row, column) of memory.
ffi::Array<ir::Expr> MatrixIndices(const ir::Region& region, const ir::Expr& row,
                                   const ir::Expr& column);

/// Whether whole steps along the depth of the operand can be read by `ldmatrix`.
bool CanLoadMatrices(const MmaPlan& plan, const GemmOperand& operand, const Context& context);

/// How ldmatrix, and the vector accesses that fill the tile, touch the last two dimensions of the
/// operand's buffer. Where `CanLoadMatrices`.
std::vector<layout::TileAccess> MatrixAccesses(const MmaPlan& plan, const GemmOperand& operand);

/// Fills `registers` from element `start` on, which hold all atoms of the operand of one step,
/// element by element or, where neighbours in a register are neighbours in memory, by words; what
/// lies outside the tile becomes 0.
ir::Stmt LoadElements(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                      const ir::Buffer& registers, const ir::Expr& step, const ir::Expr& start,
                      const Context& context);
/// The same by `ldmatrix`. Atoms outside the tile repeat its last row.
ir::Stmt LoadMatrices(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                      const ir::Buffer& registers, const ir::Expr& step, const ir::Expr& start);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_GEMM_LOAD_H_
