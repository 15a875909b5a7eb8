#include "cc/pass/lower_elementwise.h"

#include "cc/lower/cuda/lowering.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

class ElementwiseLowerer : public AnalyzedMutator {
 public:
  explicit ElementwiseLowerer(const lower::cuda::Context& context) : context_(context) {
    context_.can_prove = [this](const ir::Expr& cond) { return analyzer()->CanProve(cond); };
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    auto op = stmt.as<ir::TileOp>();
    if (!op) return AnalyzedMutator::MutateStmt(stmt);
    auto loops = lower::cuda::LowerElementwise(*op, context_);
    if (!loops) return AnalyzedMutator::MutateStmt(stmt);
    return loops->as<ir::StoreObj>() ? OnePoint(*loops) : *loops;
  }

 private:
  // A store outside loops would be one of the whole block, which fragments do not allow.
  static ir::Stmt OnePoint(const ir::Stmt& store) {
    ir::Var i("i", ir::dtype::Int(32));
    return ir::Parallel({i}, {ir::MakeInt(i.dtype(), 1)}, store, {}, store->span);
  }

  lower::cuda::Context context_;
};

}  // namespace

ir::PrimFunc LowerElementwise(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return ElementwiseLowerer(context).Run(func, context);
}

}  // namespace tilescale::pass
