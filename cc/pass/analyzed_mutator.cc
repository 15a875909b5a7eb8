#include "cc/pass/analyzed_mutator.h"

#include "cc/ir/schedule.h"

namespace tilescale::pass {

ir::PrimFunc AnalyzedMutator::Run(const ir::PrimFunc& func, const lower::Context& context) {
  analyzer_ = context.analyzer.get();
  auto scope = analyzer_->Enter();
  for (const ffi::Any& param : func->params) {
    auto buffer = param.as<ir::Buffer>();
    if (!buffer) continue;
    for (const ir::Expr& extent : (*buffer)->shape) {
      if (extent.as<ir::VarObj>()) analyzer_->Assume(ir::MakeInt(extent.dtype(), 0) <= extent);
    }
  }
  return func.WithBody(MutateStmt(func->body));
}

ir::Stmt AnalyzedMutator::MutateStmt(const ir::Stmt& stmt) {
  if (const auto* seq = stmt.as<ir::SeqObj>()) return MutateSeq(seq, stmt);
  if (const auto* branch = stmt.as<ir::IfObj>()) return MutateIf(branch, stmt);
  if (stmt.as<ir::ForObj>() || stmt.as<ir::ParallelObj>() || stmt.as<ir::TileLoopObj>() ||
      stmt.as<ir::PipelineObj>()) {
    auto scope = analyzer_->Enter();
    BindLoops(stmt);
    return DefaultStmt(stmt);
  }
  return DefaultStmt(stmt);
}

void AnalyzedMutator::BindLoops(const ir::Stmt& stmt) {
  if (const auto* loop = stmt.as<ir::ForObj>()) {
    analyzer_->BindLoop(loop->var, loop->min, loop->extent, loop->step);
  } else if (const auto* pipeline = stmt.as<ir::PipelineObj>()) {
    analyzer_->BindLoop(pipeline->var, pipeline->min, pipeline->extent, pipeline->step);
  } else if (const auto* box = stmt.as<ir::ParallelObj>()) {
    for (size_t i = 0; i < box->vars.size(); ++i) {
      const ir::Expr& extent = box->extents[i];
      analyzer_->BindLoop(box->vars[i], ir::MakeInt(extent.dtype(), 0), extent);
    }
  } else if (const auto* grid = stmt.as<ir::TileLoopObj>()) {
    for (size_t i = 0; i < grid->vars.size(); ++i) {
      const ir::Expr& extent = grid->extents[i];
      analyzer_->BindLoop(grid->vars[i], ir::MakeInt(extent.dtype(), 0), extent);
    }
  }
}

ir::Stmt AnalyzedMutator::MutateSeq(const ir::SeqObj* seq, const ir::Stmt& stmt) {
  auto scope = analyzer_->Enter();
  ffi::Array<ir::Stmt> changed;
  bool same = true;
  for (const ir::Stmt& child : seq->stmts) {
    ir::Stmt result = MutateStmt(child);
    same = same && result.same_as(child);
    Declare(child);
    const auto* empty = result.as<ir::SeqObj>();
    if (!empty || !empty->stmts.empty()) changed.push_back(result);
  }
  return same ? stmt : ir::Seq(changed, seq->span);
}

void AnalyzedMutator::Declare(const ir::Stmt& stmt) {
  if (const auto* bind = stmt.as<ir::BindObj>()) {
    if (ir::dtype::IsIntegral(bind->var.dtype())) analyzer_->BindValue(bind->var, bind->value);
  } else if (const auto* assume = stmt.as<ir::AssumeObj>()) {
    analyzer_->Assume(assume->cond);
  }
}

ir::Stmt AnalyzedMutator::MutateIf(const ir::IfObj* branch, const ir::Stmt& stmt) {
  ir::Expr cond = MutateExpr(branch->cond);
  ir::Stmt then_body = [&] {
    auto scope = analyzer_->With(branch->cond);
    return MutateStmt(branch->then_body);
  }();
  ffi::Optional<ir::Stmt> else_body = branch->else_body;
  if (branch->else_body.has_value()) {
    auto scope = analyzer_->With(ir::MakeNot(branch->cond));
    else_body = MutateStmt(branch->else_body.value());
  }
  bool same = cond.same_as(branch->cond) && then_body.same_as(branch->then_body) &&
              (!else_body.has_value() || else_body.value().same_as(branch->else_body.value()));
  return same ? stmt : ir::If(cond, then_body, else_body, branch->span);
}

ir::Expr AnalyzedMutator::MutateExpr(const ir::Expr& expr) {
  if (const auto* select = expr.as<ir::SelectObj>()) {
    ir::Expr cond = MutateExpr(select->cond);
    ir::Expr a = [&] {
      auto scope = analyzer_->With(select->cond);
      return MutateExpr(select->a);
    }();
    auto scope = analyzer_->With(ir::MakeNot(select->cond));
    ir::Expr b = MutateExpr(select->b);
    bool same = cond.same_as(select->cond) && a.same_as(select->a) && b.same_as(select->b);
    return same ? expr : ir::MakeSelect(cond, a, b);
  }
  const auto* binary = expr.as<ir::BinaryObj>();
  if (binary && ir::IsLogical(binary->kind)) {
    ir::Expr a = MutateExpr(binary->a);
    bool is_and = binary->kind == ir::BinaryKind::kAnd;
    auto scope = analyzer_->With(is_and ? binary->a : ir::MakeNot(binary->a));
    ir::Expr b = MutateExpr(binary->b);
    bool same = a.same_as(binary->a) && b.same_as(binary->b);
    return same ? expr : ir::MakeBinary(binary->kind, a, b);
  }
  return DefaultExpr(expr);
}

}  // namespace tilescale::pass
