#ifndef TILESCALE_CC_PASS_SYNC_ACCESS_H_
#define TILESCALE_CC_PASS_SYNC_ACCESS_H_

#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cc/ir/function.h"
#include "cc/ir/mutator.h"
#include "cc/lower/cuda/context.h"
#include "cc/pass/divergence.h"
#include "cc/pass/pending_accesses.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// Finds what statements access, while `Parallel` loops still show which thread does what.
class SyncAccesses {
 public:
  SyncAccesses(const ir::PrimFunc& func, const Divergence& divergence,
               const lower::cuda::Context& context);

  Pending OfExprs(const ffi::Array<ir::Expr>& exprs) const;
  Pending OfStmt(const ir::Stmt& s) const;
  /// What a wait makes the thread see, and others after the next barrier.
  Pending Completed(const ir::CallObj* wait) const;

  /// Names a value that all threads agree on, so that regions are compared in terms of it.
  void Bind(const ir::BindObj* bind);

  /// Enters code for which a condition holds that differs between threads; null: unknown.
  void Enter(const std::optional<ir::Expr>& cond);
  void Leave();
  /// With names for what may change while a statement runs.
  ir::Expr Named(const ir::Expr& e) const;
  /// In terms of the number of the thread, as far as bindings tell.
  ir::Expr Resolve(const ir::Expr& e) const { return ir::Substitute(e, values_); }

  const ir::BufferObj* Root(const ir::BufferObj* buffer) const;
  int64_t PlaceOf(const ir::BufferObj* buffer) const;
  /// A name for the value of an expression that may change between its evaluations; the same for
  /// the same node.
  ir::Var NameOf(const ir::Expr& e) const;
  /// Whether not only numbers of threads decide who comes to the code that was entered.
  bool IsGuarded() const { return !guarded_.empty() && guarded_.back(); }
  bool IsNamed(const ir::VarObj* var) const { return names_.count(var) > 0; }
  const ir::Var& thread() const { return thread_; }

 private:
  Pending Collect(const ffi::Any& root, const ir::ParallelObj* box, Who who) const;

  const Divergence& divergence_;
  ir::Var thread_;
  mutable std::unordered_map<const ffi::Object*, ir::Var> named_;
  mutable std::unordered_set<const ffi::Object*> names_;
  std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> roots_;
  std::unordered_map<const ir::BufferObj*, int64_t> places_;
  ir::VarMap values_;
  // Of the code that was entered, outermost first: conditions, true where nothing is known; and
  // whether one of them says more than numbers of threads.
  std::vector<ir::Expr> conditions_;
  std::vector<bool> guarded_;
};

/// The names that a body declares.
Names DeclaredIn(const ir::Stmt& body);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SYNC_ACCESS_H_
