#include "cc/pass/simplify_stmts.h"

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

ir::Stmt Nothing() { return ir::Seq(ffi::Array<ir::Stmt>()); }

bool IsNothing(const ir::Stmt& s) {
  const auto* seq = s.as<ir::SeqObj>();
  return seq && seq->stmts.empty();
}

// Whether a `break` or `continue` may mean the loop around `body`.
bool MayLeave(const ir::Stmt& body) {
  bool found = false;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    found = found || s.as<ir::BreakObj>() || s.as<ir::ContinueObj>();
  });
  return found;
}

class StmtSimplifier : public AnalyzedMutator {
 public:
  ir::Expr MutateExpr(const ir::Expr& e) override {
    if (const auto* load = e.as<ir::LoadObj>()) {
      return ir::Load(load->buffer, Simple(load->indices));
    }
    if (const auto* address = e.as<ir::AddressOfObj>()) {
      return ir::AddressOf(address->buffer, Simple(address->indices));
    }
    return AnalyzedMutator::MutateExpr(e);
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* store = stmt.as<ir::StoreObj>()) {
      return ir::Store(store->buffer, Simple(store->indices), MutateExpr(store->value),
                       store->span);
    }
    if (const auto* loop = stmt.as<ir::ForObj>()) return SimplifyFor(loop);
    if (stmt.as<ir::IfObj>()) return SimplifyIf(stmt);
    return AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  ffi::Array<ir::Expr> Simple(const ffi::Array<ir::Expr>& exprs) {
    ffi::Array<ir::Expr> result;
    for (const ir::Expr& e : exprs) result.push_back(Simple(e));
    return result;
  }

  ir::Expr Simple(const ir::Expr& e) { return analyzer()->Simplify(MutateExpr(e)); }

  ir::Stmt SimplifyFor(const ir::ForObj* loop) {
    ir::Expr extent = Simple(loop->extent);
    const int64_t* count = ir::AsConstInt(extent);
    if (count && *count <= 0) return Nothing();
    if (count && *count == 1 && !MayLeave(loop->body)) {
      return MutateStmt(ir::Substitute(loop->body, {{loop->var.get(), loop->min}}));
    }
    ir::For cheaper(loop->var, Simple(loop->min), extent, loop->step, loop->kind, loop->body,
                    loop->attrs, loop->span);
    ir::Stmt result = AnalyzedMutator::MutateStmt(cheaper);
    return IsNothing(result.as<ir::ForObj>()->body) ? Nothing() : result;
  }

  ir::Stmt SimplifyIf(const ir::Stmt& stmt) {
    ir::Stmt result = AnalyzedMutator::MutateStmt(stmt);
    const auto* branch = result.as<ir::IfObj>();
    ir::Expr cond = analyzer()->Simplify(branch->cond);
    if (const int64_t* truth = ir::AsConstInt(cond)) {
      return *truth ? branch->then_body : branch->else_body.value_or(Nothing());
    }
    bool idle = IsNothing(branch->then_body) && !branch->else_body.has_value();
    if (idle) return Nothing();
    return ir::If(cond, branch->then_body, branch->else_body, branch->span);
  }
};

}  // namespace

ir::PrimFunc SimplifyStmts(const ir::PrimFunc& func, const lower::Context& context) {
  return StmtSimplifier().Run(func, context);
}

}  // namespace tilescale::pass
