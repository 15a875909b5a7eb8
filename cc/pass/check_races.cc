#include "cc/pass/check_races.h"

#include <unordered_set>
#include <utility>
#include <vector>

#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using VarSet = std::unordered_set<const ir::VarObj*>;

class RaceChecker : public ir::Visitor {
 public:
  void VisitExpr(const ir::Expr&) override {}

  void VisitStmt(const ir::Stmt& s) override {
    if (const auto* box = s.as<ir::ParallelObj>()) return VisitParallel(box);
    if (const auto* branch = s.as<ir::IfObj>()) return VisitBranch(branch, s);
    if (const auto* alloc = s.as<ir::AllocObj>()) private_.insert(alloc->buffer.get());
    if (const auto* bind = s.as<ir::BindObj>()) Derive(bind->var, bind->value);
    if (const auto* loop = s.as<ir::ForObj>()) Derive(loop->var, loop->min + loop->extent);
    if (const auto* loop = s.as<ir::WhileObj>()) Widen(loop->cond);
    if (const auto* store = s.as<ir::StoreObj>()) Check(store);
    VisitFields(s);
  }

 private:
  void VisitParallel(const ir::ParallelObj* box) {
    std::vector<ir::Var> outer = vars_;
    std::unordered_set<const ir::BufferObj*> outer_private = private_;
    VarSet outer_tested = tested_;
    if (vars_.empty()) private_.clear();
    for (size_t i = 0; i < box->vars.size(); ++i) {
      const int64_t* extent = ir::AsConstInt(box->extents[i]);
      if (extent && *extent > 1) vars_.push_back(box->vars[i]);
    }
    VisitStmt(box->body);
    vars_ = std::move(outer);
    private_ = std::move(outer_private);
    tested_ = outer_tested;
  }

  // Inside the branch the condition may select one iteration.
  void VisitBranch(const ir::IfObj* branch, const ir::Stmt& s) {
    VarSet outer = tested_;
    Widen(branch->cond);
    VisitFields(s);
    tested_ = outer;
  }

  void Widen(const ir::Expr& cond) {
    VarSet found = Roots(cond);
    tested_.insert(found.begin(), found.end());
  }

  // A name for an expression of loop variables stands for those variables.
  void Derive(const ir::Var& var, const ir::Expr& value) { derived_[var.get()] = Roots(value); }

  VarSet Roots(const ffi::Any& value) {
    VarSet roots;
    ir::ForEachExpr(value, [&](const ir::Expr& e) {
      const auto* var = e.as<ir::VarObj>();
      if (!var) return;
      roots.insert(var);
      auto it = derived_.find(var);
      if (it != derived_.end()) roots.insert(it->second.begin(), it->second.end());
    });
    return roots;
  }

  // A scalar declared inside the loop may depend on its variables; then nothing is provable.
  bool ReadsPrivate(const ffi::Any& value) {
    bool reads = false;
    ir::ForEachExpr(value, [&](const ir::Expr& e) {
      const auto* load = e.as<ir::LoadObj>();
      if (load && private_.count(load->buffer.get())) reads = true;
    });
    return reads;
  }

  void Check(const ir::StoreObj* store) {
    if (vars_.empty() || private_.count(store->buffer.get())) return;
    if (store->buffer.IsScope(ir::scope::kReducer) || ReadsPrivate(store->indices)) return;
    VarSet used = Roots(store->indices);
    for (const ir::Var& var : vars_) {
      if (used.count(var.get()) || tested_.count(var.get())) continue;
      support::UserError("ParallelRaceError")
          .Message("iterations of `T.Parallel` write the same element of `" +
                   std::string(store->buffer->name) + "`")
          .Expected("an element of its own for each value of `" + std::string(var->name) + "`")
          .Got("indices that do not depend on `" + std::string(var->name) + "`")
          .Remedy("index with `" + std::string(var->name) +
                  "`, use T.serial, or combine with T.atomic_add or a reduction")
          .At(ir::ToLocation(store->span))
          .Throw();
    }
  }

  std::vector<ir::Var> vars_;
  std::unordered_set<const ir::BufferObj*> private_;
  VarSet tested_;
  std::unordered_map<const ir::VarObj*, VarSet> derived_;
};

}  // namespace

void CheckRaces(const ir::PrimFunc& func) { RaceChecker().VisitStmt(func->body); }

}  // namespace tilescale::pass
