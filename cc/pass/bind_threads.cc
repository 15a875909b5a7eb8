#include "cc/pass/bind_threads.h"

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"

namespace tilescale::pass {
namespace {

// Names the number of this thread at the start of the grid's body.
class ThreadBinder : public ir::Mutator {
 public:
  explicit ThreadBinder(const lower::cuda::Context& context) : context_(context) {}
  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* grid = s.as<ir::TileLoopObj>();
    if (!grid) return DefaultStmt(s);
    const ir::DType i32 = ir::dtype::Int(32);
    ir::Expr number = ir::MakeCall("get_thread_binding", {}, {}, i32);
    ir::Stmt body = ir::Seq(
        {ir::Bind(context_.thread, number), ir::Assume(ir::MakeInt(i32, 0) <= context_.thread),
         ir::Assume(context_.thread < ir::MakeInt(i32, context_.threads)), grid->body},
        grid->span);
    return ir::TileLoop(grid->vars, grid->extents, grid->threads, body, grid->attrs, grid->span);
  }

 private:
  const lower::cuda::Context& context_;
};

}  // namespace

ir::PrimFunc BindThreads(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return func.WithBody(ThreadBinder(context).MutateStmt(func->body));
}

}  // namespace tilescale::pass
