// What operators ask of the layouts of their operands, and the layouts that inference has decided.
#ifndef TILESCALE_CC_LOWER_CUDA_LAYOUT_DEMAND_H_
#define TILESCALE_CC_LOWER_CUDA_LAYOUT_DEMAND_H_

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cc/ir/stmt.h"
#include "cc/layout/composed.h"
#include "cc/layout/fragment.h"
#include "cc/layout/index_map.h"
#include "cc/layout/swizzle_chooser.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::lower::cuda {

/// One operand's layout as an operator needs it.
struct LayoutDemand {
  ir::Buffer buffer;
  /// Fragment operands: (thread, value) of each element of the whole buffer. Several owners of an
  /// element and slots without one are allowed; `num_threads` may be below the block's.
  std::optional<layout::Fragment> fragment;
  /// Shared operands: how threads touch the last two dimensions, (thread, value) -> flat (row,
  /// column), rows fastest. Candidates are ranked over the demands of all operators.
  std::vector<layout::TileAccess> accesses;
  /// "the accumulator of mma.m16n8k16 on 2 x 2 warps": for errors and the printed decision.
  std::string by;
  ir::Span span;
};

/// The decided layouts of one kernel at the mapped stage, read from the annotations that
/// `infer_layouts` writes behind the allocations.
class Layouts {
 public:
  Layouts() = default;
  explicit Layouts(const ir::Stmt& body);

  /// Null unless the buffer is a fragment in registers.
  const layout::Fragment* FindFragment(const ir::Buffer& buffer) const;
  /// Over the last dimensions of the buffer, as many as the layout has. Null if it is row-major, or
  /// scattered, or no shared buffer.
  const layout::ComposedLayout* FindShared(const ir::Buffer& buffer) const;
  /// Whether a user's function places the elements of a shared buffer, and no strides and swizzle
  /// say the same: neighbours may lie anywhere.
  bool IsScattered(const ir::Buffer& buffer) const;
  /// The registers of one thread that hold a fragment: a `local` array of `num_values` elements.
  /// Thread-level code that an operator becomes accesses fragments only through it; null where
  /// `FindFragment` is.
  const ir::Buffer* FindRegisters(const ir::Buffer& buffer) const;
  void SetFragment(const ir::Buffer& buffer, layout::Fragment fragment);

 private:
  std::unordered_map<const ir::BufferObj*, layout::Fragment> fragments_;
  std::unordered_map<const ir::BufferObj*, layout::ComposedLayout> shared_;
  std::unordered_set<const ir::BufferObj*> scattered_;
  std::unordered_map<const ir::BufferObj*, ir::Buffer> registers_;
};

/// What an instruction or algorithm needs, whatever the others do.
using DemandFn = std::function<std::vector<LayoutDemand>(const ir::TileOp&, const Context&)>;
/// What an operator would like, given what is decided so far: asked again as long as that grows,
/// and followed for operands that have no layout yet.
using FollowFn = std::function<std::vector<LayoutDemand>(const ir::TileOp&, const Layouts& known,
                                                         const Context&)>;

/// A dimension along which an operator combines the elements of a fragment: free choice spreads it
/// over lanes in a regular pattern.
struct LayoutLine {
  ir::Buffer buffer;
  int64_t dim;
};
using LineFn = std::function<std::vector<LayoutLine>(const ir::TileOp&)>;

/// Registers for node type `type_key` at static-initialisation time. Fragments that an operator
/// works on are in registers where it demands a layout for them, in that layout, and if it is
/// registered for follows or lines, in any; otherwise they live in shared memory.
bool RegisterLayoutDemand(const std::string& type_key, DemandFn demand);
bool RegisterLayoutFollow(const std::string& type_key, FollowFn follow);
bool RegisterLayoutLines(const std::string& type_key, LineFn lines);
bool TakesAnyLayout(const ir::TileOp& op);

/// Nothing for operators that work with any layout.
std::vector<LayoutDemand> LayoutDemandsOf(const ir::TileOp& op, const Context& context);
std::vector<LayoutDemand> LayoutFollowsOf(const ir::TileOp& op, const Layouts& known,
                                          const Context& context);
std::vector<LayoutLine> LayoutLinesOf(const ir::TileOp& op);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_LAYOUT_DEMAND_H_
