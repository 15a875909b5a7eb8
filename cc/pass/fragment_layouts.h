// The problem that layout inference solves for one kernel, and its solution.
#ifndef TILESCALE_CC_PASS_FRAGMENT_LAYOUTS_H_
#define TILESCALE_CC_PASS_FRAGMENT_LAYOUTS_H_

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cc/arith/prover.h"
#include "cc/ir/function.h"
#include "cc/layout/fragment_map.h"
#include "cc/lower/cuda/layout_demand.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// How the reason starts that a fragment has no registers because it would take too many.
inline constexpr const char* kTooManyRegisters = "it would take ";

/// One mention of a fragment in an outermost `Parallel` loop.
struct FragmentAccess {
  ir::Buffer buffer;
  layout::PointMap map;
  bool write;
};

/// An outermost `Parallel` loop of constant extents.
struct LoopProblem {
  const ir::ParallelObj* loop = nullptr;
  std::vector<int64_t> box;
  std::vector<FragmentAccess> accesses;
  /// Consecutive elements that a thread can move at once; computed for loops without a layout.
  int64_t vector = 1;
  /// Whether several threads may carry out one point, storing to memory only once.
  bool replicable = true;
  /// Whether the loop combines points to results of which each thread has a part: free choice then
  /// deals them by `DealLines`.
  bool combines = false;
  /// Given by the user, or decided before.
  std::optional<layout::Fragment> given;
};

/// An operator that works on layouts, and what it demands where it stands.
struct OpProblem {
  ir::TileOp op;
  std::vector<lower::cuda::LayoutDemand> demands;
};

struct LayoutProblem {
  /// In the order of the text.
  std::vector<ir::Buffer> fragments;
  std::vector<ir::Buffer> shared;
  /// Views of fragments, which therefore live in shared memory.
  std::vector<ir::Buffer> views;
  std::vector<LoopProblem> loops;
  std::vector<OpProblem> ops;
  /// Why a fragment cannot be in registers.
  std::unordered_map<const ir::BufferObj*, std::string> refused;
  /// Annotations: the user's, or those of an earlier run.
  std::unordered_map<const ir::BufferObj*, const ir::AnnotateObj*> given;
  /// Shared buffers whose addresses are taken, maybe by somebody who takes rows for neighbours.
  std::unordered_set<const ir::BufferObj*> addressed;
  /// Fragments of an earlier run, whose registers code already uses.
  std::unordered_set<const ir::BufferObj*> decided;
};

/// Everything that bears on layouts. Throws LayoutConflictError where annotations contradict each
/// other or need more threads than the block has.
LayoutProblem CollectLayoutProblem(const ir::PrimFunc& func, const lower::cuda::Context& context);

/// Where a buffer lives and why, for the generated text.
struct BufferHome {
  ir::Buffer buffer;
  /// Registers; nothing: shared memory.
  std::optional<layout::Fragment> fragment;
  std::string reason;
};

struct LayoutSolution {
  std::vector<BufferHome> homes;
  std::unordered_map<const ir::ParallelObj*, layout::Fragment> loops;
  std::vector<std::pair<ir::Buffer, layout::TileCandidate>> shared;

  const layout::Fragment* Find(const ir::Buffer& buffer) const;
};

/// Chooses by strength: annotations, then what operators demand, then loops follow the fragments
/// that they touch and fragments follow loops and operators, then free choice for the largest loop
/// that is left. Deterministic; ends because each step decides something.
LayoutSolution SolveLayouts(const LayoutProblem& problem, const lower::cuda::Context& context);

/// Writes the solution into the function, with converted copies where a loop needs a fragment in
/// another layout than its own.
ir::PrimFunc ApplyLayouts(const ir::PrimFunc& func, const LayoutProblem& problem,
                          const LayoutSolution& solution);

// ---- Parts of the solver.

/// The element that a loop accesses as a function of its point alone; nothing if it is none.
std::optional<layout::PointMap> PointMapOf(const ir::ParallelObj* box, const ir::Buffer& buffer,
                                           const ffi::Array<ir::Expr>& indices);

/// Whether a loop can run by this layout: a closed form of the points of each thread, and one
/// thread that stores each.
bool IsLoopLayout(const layout::Fragment& fragment, int64_t threads);

/// Rows of the innermost dimension over lanes, as many as a power of two or whole warps, so that
/// what is combined along a dimension is a regular pattern of threads. Nothing if that is none.
std::optional<layout::Fragment> DealLines(const std::vector<int64_t>& shape, int64_t vector,
                                          int64_t threads);

/// How many consecutive points of `Parallel` loop `box` a thread should get: the elements of its
/// longest vector access that is proved to be aligned and inside its buffer; of 256 bits only if
/// that leaves work for all threads. The context's analyzer knows what holds outside the loop.
int64_t MaxVector(const ir::ParallelObj* box, const lower::cuda::Context& context);

/// The longest vectors, of a power of two of elements, that the user allows the loop by its
/// attribute "coalesced_width".
int64_t AllowedVector(const ir::ParallelObj* box);

/// Whether several threads may carry out the same iterations: what they change in memory, they do
/// not read.
bool IsReplicable(const ir::Stmt& body);

/// The product of constant extents, or -1.
int64_t ConstSize(const ffi::Array<ir::Expr>& extents);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_FRAGMENT_LAYOUTS_H_
