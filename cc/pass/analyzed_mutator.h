#ifndef TILESCALE_CC_PASS_ANALYZED_MUTATOR_H_
#define TILESCALE_CC_PASS_ANALYZED_MUTATOR_H_

#include "cc/arith/prover.h"
#include "cc/ir/function.h"
#include "cc/ir/mutator.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// A mutator that knows, at each node, the ranges of the loop variables, the conditions of the
/// enclosing branches and the user's assumptions.
class AnalyzedMutator : public ir::Mutator {
 public:
  /// Rewrites the body; the symbols that are extents of tensors are known to be at least 0.
  ir::PrimFunc Run(const ir::PrimFunc& func, const lower::Context& context);
  ir::Stmt MutateStmt(const ir::Stmt& stmt) override;
  ir::Expr MutateExpr(const ir::Expr& expr) override;

 protected:
  arith::Analyzer* analyzer() { return analyzer_; }

 private:
  ir::Stmt MutateSeq(const ir::SeqObj* seq, const ir::Stmt& stmt);
  ir::Stmt MutateIf(const ir::IfObj* branch, const ir::Stmt& stmt);
  void Declare(const ir::Stmt& stmt);
  void BindLoops(const ir::Stmt& stmt);

  arith::Analyzer* analyzer_ = nullptr;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_ANALYZED_MUTATOR_H_
