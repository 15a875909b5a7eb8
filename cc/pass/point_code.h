#ifndef TILESCALE_CC_PASS_POINT_CODE_H_
#define TILESCALE_CC_PASS_POINT_CODE_H_

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cc/ir/mutator.h"
#include "cc/layout/fragment_map.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/pass/vector_access.h"

namespace tilescale::pass {

/// Where one thread is in a loop: its group, and the element in the group; 0 if a group is one.
struct LoopPlace {
  const ir::ParallelObj* box;
  std::optional<layout::Fragment> layout;
  int64_t group;
  ir::Expr round;
  ir::Expr lane;
  /// Whether this thread stores to memory; nothing: it does.
  std::optional<ir::Expr> first;
};

/// Finds registers once for all accesses of one kind in a kernel.
class RegisterFinder {
 public:
  explicit RegisterFinder(const lower::cuda::Layouts& layouts) : layouts_(layouts) {}
  /// The index of the element in the registers of this thread.
  ir::Expr Find(const LoopPlace& place, const ir::Buffer& buffer,
                const ffi::Array<ir::Expr>& indices);

 private:
  const std::vector<int64_t>& TableOf(const LoopPlace& place, const ir::Buffer& buffer,
                                      const ffi::Array<ir::Expr>& indices);

  const lower::cuda::Layouts& layouts_;
  std::map<std::string, std::vector<int64_t>> tables_;
};

/// The code of one thread for one point of a loop: fragments are registers, inner loops are serial,
/// and of threads that share a point one stores to memory.
class PointMutator : public ir::Mutator {
 public:
  PointMutator(const lower::cuda::Layouts& layouts, RegisterFinder* finder, const LoopPlace& place)
      : layouts_(layouts), finder_(finder), place_(place) {}
  ir::Expr MutateExpr(const ir::Expr& e) override;
  ir::Stmt MutateStmt(const ir::Stmt& s) override;

 private:
  const lower::cuda::Layouts& layouts_;
  RegisterFinder* finder_;
  const LoopPlace& place_;
};

/// An access of memory that is made for a whole group, `vector` elements at a time, through an
/// array of registers.
struct StagedAccess {
  VectorCandidate access;
  int64_t vector;
  ir::Buffer staged;
};

/// Moves, or adds, the vector from `indices` on between memory and the array's elements from `at`
/// on.
ir::Stmt MoveVector(const StagedAccess& stage, const ffi::Array<ir::Expr>& indices, int64_t at,
                    const ir::Span& span);

/// Replaces staged accesses by their arrays.
class Stager : public ir::Mutator {
 public:
  Stager(const std::vector<StagedAccess>& stages, const ir::Expr& lane)
      : stages_(stages), lane_(lane) {}
  ir::Expr MutateExpr(const ir::Expr& e) override;
  ir::Stmt MutateStmt(const ir::Stmt& s) override;

 private:
  const StagedAccess* FindStage(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                                AccessKind kind) const;
  const std::vector<StagedAccess>& stages_;
  const ir::Expr& lane_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_POINT_CODE_H_
