#include "cc/pass/lower_cuda_tile_ops.h"

#include <memory>

#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/infer_layouts.h"

namespace tilescale::pass {
namespace {

using lower::cuda::Context;

class TileOpLowerer : public AnalyzedMutator {
 public:
  explicit TileOpLowerer(const Context& context) : context_(context) {
    context_.can_prove = [this](const ir::Expr& cond) { return analyzer()->CanProve(cond); };
  }
  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (auto op = stmt.as<ir::TileOp>()) return lower::cuda::LowerTileOp(*op, context_);
    return AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  Context context_;
};

}  // namespace

ir::PrimFunc LowerCudaTileOps(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  auto lower = [&](const ir::PrimFunc& f) {
    Context mapped = context;
    mapped.layouts = std::make_shared<lower::cuda::Layouts>(f->body);
    return TileOpLowerer(mapped).Run(f, context);
  };
  // Loops and fragments that operators are made of need layouts too, and maybe copies between them.
  return lower(InferLayouts(lower(func), context));
}

}  // namespace tilescale::pass
