#include "cc/pass/lower_tile_ops.h"

#include "cc/lower/cpu/lowering.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

class TileOpLowerer : public AnalyzedMutator {
 public:
  explicit TileOpLowerer(const lower::Context& context) : context_(context) {
    context_.can_prove = [this](const ir::Expr& cond) { return analyzer()->CanProve(cond); };
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (auto op = stmt.as<ir::TileOp>()) return lower::cpu::LowerTileOp(*op, context_);
    return AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  lower::Context context_;
};

}  // namespace

ir::PrimFunc LowerTileOps(const ir::PrimFunc& func, const lower::Context& context) {
  return TileOpLowerer(context).Run(func, context);
}

}  // namespace tilescale::pass
