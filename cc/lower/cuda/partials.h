// Partial results in registers, and how the threads of a block merge them: what reductions and
// reducers have in common.
#ifndef TILESCALE_CC_LOWER_CUDA_PARTIALS_H_
#define TILESCALE_CC_LOWER_CUDA_PARTIALS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cc/ir/stmt.h"
#include "cc/layout/fragment_map.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::lower::cuda {

namespace ffi = tvm::ffi;

/// Each thread has a partial result for each result in which one of its points of a loop, or of
/// its elements of a fragment, takes part.
class Partials {
 public:
  using Merge = std::function<ir::Expr(const ir::Expr&, const ir::Expr&)>;

  /// Which results each thread has, if `map` says the result of each point of `source`. Nothing if
  /// the threads follow no regular pattern or some result has no point.
  static std::optional<layout::Fragment> LayoutOf(const layout::Fragment& source,
                                                  const layout::PointMap& map);

  Partials(const std::string& name, ir::DType type, const layout::Fragment& source,
           layout::Fragment result, Merge merge, ir::Span span, const Context& context);

  const layout::Fragment& layout() const { return result_; }
  /// The results, a fragment in that layout: each owner's is partial until they are merged.
  const ir::Buffer& results() const { return results_; }

  ffi::Array<ir::Stmt> Declare() const;
  /// What follows is code of one thread: to be wrapped by `Threads`.
  ir::Stmt Start(const ir::Expr& identity) const;
  ir::Expr Value(const ir::Expr& number) const { return ir::Load(registers_, {number}); }
  ir::Stmt Set(const ir::Expr& number, const ir::Expr& to) const;
  ir::Stmt ForEach(const ir::Var& var, int64_t extent, const ir::Stmt& body) const;
  /// Whether a thread owns an element of `fragment` in its register `number`; nothing if all do.
  std::optional<ir::Expr> Owns(const layout::Fragment& fragment, const ir::Expr& number) const;
  /// Merges what lanes of a warp have, by shuffles.
  ir::Stmt Exchange() const;

  /// Code that all threads run, each for itself.
  ir::Stmt Threads(const ffi::Array<ir::Stmt>& stmts) const;
  /// Behind `Exchange`: merges what groups of lanes have, in the order of their numbers. One thread
  /// of each group writes what the group has to shared memory; all read what all groups have.
  void MergeAcross(ffi::Array<ir::Stmt>* stmts) const;

  const ir::Span& span() const { return span_; }

 private:
  void AddDigit(const layout::ReplicaDigit& digit);
  ir::Expr Digit(const layout::ReplicaDigit& digit) const;
  std::vector<layout::ReplicaDigit> Writers() const;
  ffi::Array<ir::Expr> At(const ir::Expr& part, const ir::Expr& number) const;
  ir::Stmt If(const std::optional<ir::Expr>& cond, const ir::Stmt& body) const;

  const layout::Fragment source_;
  const layout::Fragment result_;
  const Merge merge_;
  const ir::Span span_;
  const Context& context_;
  const ir::DType type_;
  const ir::Buffer registers_;
  ir::Buffer results_;
  std::vector<layout::ReplicaDigit> lanes_;
  std::vector<layout::ReplicaDigit> across_;
};

/// Stores merged results into a region, wherever it is: a loop like the user's. With `merges` the
/// old value takes part.
ir::Stmt StorePartials(const Partials& partials, const ir::Region& dst, bool merges,
                       const Partials::Merge& merge);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_PARTIALS_H_
