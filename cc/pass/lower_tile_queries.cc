#include "cc/pass/lower_tile_queries.h"

#include <utility>

#include "cc/ir/mutator.h"
#include "cc/lower/common/loops.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

class QueryLowerer : public ir::Mutator {
 public:
  ir::Expr MutateExpr(const ir::Expr& e) override {
    const auto* call = e.as<ir::CallObj>();
    bool all = call && call->op == "all_of";
    if (!call || (!all && call->op != "any_of")) return DefaultExpr(e);
    ir::Buffer found = lower::ScalarVar("found", ir::dtype::Bool());
    pending_.push_back(ir::Alloc(found, ir::MakeBool(all)));
    pending_.push_back(Loops(found, call->args[0].cast<ir::Region>(), all));
    return ir::Load(found, {});
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* seq = stmt.as<ir::SeqObj>()) return MutateSeq(seq);
    auto [before, result] = MutateOne(stmt);
    if (before.empty()) return result;
    before.push_back(result);
    return ir::Seq(before, stmt->span);
  }

 private:
  static ir::Stmt Loops(const ir::Buffer& found, const ir::Region& region, bool all) {
    std::vector<ir::Expr> extents(region->extents.begin(), region->extents.end());
    std::vector<ir::Var> vars = lower::LoopVars(extents);
    ir::Expr element =
        ir::MakeCast(ir::dtype::Bool(),
                     ir::Load(region->buffer, lower::IndicesAt(region, lower::AsExprs(vars))));
    auto kind = all ? ir::BinaryKind::kBitAnd : ir::BinaryKind::kBitOr;
    ir::Stmt body = ir::Store(found, {}, ir::MakeBinary(kind, ir::Load(found, {}), element));
    for (size_t i = vars.size(); i-- > 0;) {
      body = lower::LoopOver(vars[i], extents[i], body, ir::Span());
    }
    return body;
  }

  // The statements that must come first, and the statement itself.
  std::pair<ffi::Array<ir::Stmt>, ir::Stmt> MutateOne(const ir::Stmt& stmt) {
    ffi::Array<ir::Stmt> outer = pending_;
    pending_ = {};
    ir::Stmt result = DefaultStmt(stmt);
    const auto* loop = result.as<ir::WhileObj>();
    if (loop && !pending_.empty()) {
      result = Repeat(loop);
      pending_ = {};
    }
    ffi::Array<ir::Stmt> before = pending_;
    pending_ = std::move(outer);
    return {before, result};
  }

  // The condition is asked again before each iteration.
  ir::Stmt Repeat(const ir::WhileObj* loop) {
    ffi::Array<ir::Stmt> body = pending_;
    body.push_back(ir::If(ir::MakeNot(loop->cond), ir::Break(), std::nullopt, loop->span));
    body.push_back(loop->body);
    return ir::While(ir::MakeBool(true), ir::Seq(body, loop->span), loop->span);
  }

  ir::Stmt MutateSeq(const ir::SeqObj* seq) {
    ffi::Array<ir::Stmt> stmts;
    for (const ir::Stmt& child : seq->stmts) {
      if (child.as<ir::SeqObj>()) {
        stmts.push_back(MutateStmt(child));
        continue;
      }
      auto [before, result] = MutateOne(child);
      for (const ir::Stmt& s : before) stmts.push_back(s);
      stmts.push_back(result);
    }
    return ir::Seq(stmts, seq->span);
  }

  ffi::Array<ir::Stmt> pending_;
};

}  // namespace

ir::PrimFunc LowerTileQueries(const ir::PrimFunc& func, const lower::Context&) {
  return func.WithBody(QueryLowerer().MutateStmt(func->body));
}

}  // namespace tilescale::pass
