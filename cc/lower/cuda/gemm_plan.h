// How the warps of a block multiply two tiles with matrix instructions.
#ifndef TILESCALE_CC_LOWER_CUDA_GEMM_PLAN_H_
#define TILESCALE_CC_LOWER_CUDA_GEMM_PLAN_H_

#include <optional>
#include <vector>

#include "cc/lower/cuda/gemm_choice.h"

namespace tilescale::lower::cuda {

namespace ffi = tvm::ffi;

/// A or B. Its outer dimension is M or N, its depth K.
struct GemmOperand {
  ir::Region region;
  bool is_a;
  /// Whether the rows of memory go along the depth: A is stored K x M, or B K x N.
  bool depth_rows;
  int64_t extent;       // of the outer dimension
  int64_t atom_extent;  // the instruction's m or n
  int64_t atoms;        // of each warp, along the outer dimension
  int64_t warps;        // along the outer dimension
  layout::Fragment atom;

  /// Whether the last warp's atoms reach beyond the tile.
  bool Padded() const { return warps * atoms * atom_extent != extent; }
};

/// Warp number w multiplies rows [i, i + 1) * a.atoms * atom->m, i = w mod a.warps, of A with the
/// columns of B that belong to w div a.warps. Warps beyond `Warps()` have nothing to do.
struct MmaPlan {
  const layout::MmaAtom* atom;
  int64_t depth;  // K
  GemmOperand a;
  GemmOperand b;
  ir::Region c;

  int64_t Warps() const { return a.warps * b.warps; }
  /// Instructions along K; the last one may reach beyond it.
  int64_t Steps() const { return (depth + atom->k - 1) / atom->k; }
};

/// Nothing if the architecture has no instruction for these types, or the block no whole warp.
std::optional<MmaPlan> PlanMma(const op::GemmObj* gemm, const Context& context);

/// The layouts of whole fragment buffers as the instructions need them; nothing if the operand is
/// no fragment, or its region not the whole of the last two dimensions. Values count atoms along M
/// (or N) before those along the other dimension, then an atom's values; leading dimensions come
/// first of all.
std::optional<layout::Fragment> AccumulatorFragment(const MmaPlan& plan);
std::optional<layout::Fragment> OperandFragment(const MmaPlan& plan, const GemmOperand& operand);

/// How many warps go along each dimension: `policy` as in `T.GemmWarpPolicy`.
struct WarpGrid {
  int64_t m, n;
};
WarpGrid ChooseWarps(int64_t atoms_m, int64_t atoms_n, const layout::MmaAtom& atom, int64_t warps,
                     int64_t policy);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_GEMM_PLAN_H_
