#ifndef TILESCALE_CC_PASS_LOOP_FORM_H_
#define TILESCALE_CC_PASS_LOOP_FORM_H_

#include <optional>
#include <vector>

#include "cc/ir/stmt.h"
#include "cc/layout/fragment.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// The points that one thread of the block runs of a `Parallel` loop, in closed form. A thread
/// counts its points by value; `group` consecutive values from a multiple of it are consecutive
/// along the last dimension.
class LoopForm {
 public:
  /// By the attribute "loop_layout"; without it, points are dealt out in row-major order, in blocks
  /// of `vector`.
  LoopForm(const ir::ParallelObj* box, int64_t vector, const lower::cuda::Context& context);

  const std::optional<layout::Fragment>& layout() const { return layout_; }
  /// The longest group that is one.
  int64_t Contiguous() const;
  /// Groups of each thread.
  ir::Expr Groups(int64_t group) const;
  /// The point at the start of group number `round`; outside the box where `Guard` is false.
  std::vector<ir::Expr> Start(const ir::Expr& round, int64_t group) const;
  /// Whether the group exists; nothing if all do.
  std::optional<ir::Expr> Guard(const ir::Expr& round, int64_t group) const;
  /// Whether this thread is the one among those that run the same points that stores to memory;
  /// nothing if no other does.
  std::optional<ir::Expr> First() const;

 private:
  // The layout of a loop that is a shape:stride map.
  const layout::Fragment& Strided() const;
  ir::Expr Block(const ir::Expr& round, int64_t group) const;
  std::vector<ir::Expr> Unflatten(ir::Expr n, int64_t group) const;

  const ir::ParallelObj* box_;
  const lower::cuda::Context& context_;
  std::optional<layout::Fragment> layout_;
  // Of dealt loops: 0 if `layout_` is a shape:stride map.
  int64_t vector_ = 0;
  int64_t threads_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LOOP_FORM_H_
