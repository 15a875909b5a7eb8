#include "cc/pass/lower_private_ops.h"

#include <algorithm>

#include "cc/lower/cuda/lowering.h"
#include "cc/op/tile_op.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

bool IsPrivate(const ir::Region& region) {
  return region->buffer.IsScope(ir::scope::kLocal) || region->buffer.IsScope(ir::scope::kVar);
}

bool TouchesPrivate(const ir::TileOp& op) {
  const op::Effects effects = op::GetOpInfo(op).effects(op);
  for (const auto* regions : {&effects.reads, &effects.writes, &effects.accumulates}) {
    if (std::any_of(regions->begin(), regions->end(), IsPrivate)) return true;
  }
  return false;
}

// Turns boxes of points into loops; the innermost may become accesses of whole vectors.
class BoxSerializer : public ir::Mutator {
 public:
  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* box = s.as<ir::ParallelObj>();
    if (!box) return DefaultStmt(s);
    ir::Stmt body = box->body;
    for (size_t i = box->vars.size(); i-- > 0;) {
      const ir::Var& var = box->vars[i];
      const bool inner = i + 1 == box->vars.size() && ir::AsConstInt(box->extents[i]);
      body = ir::For(var, ir::MakeInt(var.dtype(), 0), box->extents[i], ir::MakeInt(var.dtype(), 1),
                     inner ? ir::ForKind::kVectorized : ir::ForKind::kSerial, body, {}, box->span);
    }
    return body;
  }
};

class PrivateOpLowerer : public AnalyzedMutator {
 public:
  explicit PrivateOpLowerer(const lower::cuda::Context& context) : context_(context) {
    context_.can_prove = [this](const ir::Expr& cond) { return analyzer()->CanProve(cond); };
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    auto op = stmt.as<ir::TileOp>();
    if (!op || !TouchesPrivate(*op)) return AnalyzedMutator::MutateStmt(stmt);
    auto loops = lower::cuda::LowerElementwise(*op, context_);
    return loops ? BoxSerializer().MutateStmt(*loops) : AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  lower::cuda::Context context_;
};

}  // namespace

ir::PrimFunc LowerPrivateOps(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return PrivateOpLowerer(context).Run(func, context);
}

}  // namespace tilescale::pass
