#include "cc/pass/lower_parallel.h"

#include <algorithm>
#include <numeric>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

// How much the accesses below would gain from `var` being innermost: contiguous accesses, stores
// counted twice, less those that jump.
class ContiguityScore : public ir::Visitor {
 public:
  explicit ContiguityScore(const ir::VarObj* var) : var_(var) {}

  int Of(const ir::Stmt& body) {
    VisitStmt(body);
    return score_;
  }
  void VisitExpr(const ir::Expr& e) override {
    if (const auto* load = e.as<ir::LoadObj>()) Count(load->buffer, load->indices, 1);
    VisitFields(e);
  }
  void VisitStmt(const ir::Stmt& s) override {
    if (const auto* store = s.as<ir::StoreObj>()) Count(store->buffer, store->indices, 2);
    VisitFields(s);
  }

 private:
  void Count(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices, int weight) {
    for (size_t i = 0; i < indices.size(); ++i) {
      if (!Mentions(indices[i], var_)) continue;
      bool last = i + 1 == indices.size();
      bool unit = buffer->strides.empty() ? last : ir::IsConstInt(buffer->strides[i], 1);
      auto linear = AsLinear(indices[i], var_);
      bool contiguous = unit && linear && linear->coefficient == 1;
      score_ += contiguous ? weight : -weight;
    }
  }

  const ir::VarObj* var_;
  int score_ = 0;
};

// Whether iterations of a loop over `body` are independent straight-line code.
class IndependenceCheck : public ir::Visitor {
 public:
  bool Holds(const ir::Stmt& body) {
    VisitStmt(body);
    return holds_;
  }
  void VisitStmt(const ir::Stmt& s) override {
    if (s.as<ir::ForObj>() || s.as<ir::WhileObj>() || s.as<ir::ParallelObj>()) holds_ = false;
    const auto* store = s.as<ir::StoreObj>();
    if (store && store->buffer.IsScope(ir::scope::kReducer)) holds_ = false;
    VisitFields(s);
  }
  void VisitExpr(const ir::Expr& e) override {
    const auto* call = e.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    if (call && (!decl || decl->effect != ir::Effect::kPure)) holds_ = false;
    VisitFields(e);
  }

 private:
  bool holds_ = true;
};

class ParallelLowerer : public ir::Mutator {
 public:
  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* box = stmt.as<ir::ParallelObj>();
    return box ? Nest(box) : DefaultStmt(stmt);
  }

 private:
  // Outermost first; ties keep the user's order.
  static std::vector<size_t> Order(const ir::ParallelObj* box, const ir::Stmt& body) {
    std::vector<size_t> order(box->vars.size());
    std::iota(order.begin(), order.end(), 0);
    if (order.size() < 2) return order;
    size_t best = order.size() - 1;
    int best_score = ContiguityScore(box->vars[best].get()).Of(body);
    for (size_t i = order.size() - 1; i-- > 0;) {
      int score = ContiguityScore(box->vars[i].get()).Of(body);
      if (score > best_score) {
        best = i;
        best_score = score;
      }
    }
    order.erase(order.begin() + static_cast<ptrdiff_t>(best));
    order.push_back(best);
    return order;
  }

  ir::Stmt Nest(const ir::ParallelObj* box) {
    ir::Stmt body = MutateStmt(box->body);
    std::vector<size_t> order = Order(box, body);
    ir::AttrMap attrs;
    if (IndependenceCheck().Holds(body)) attrs.Set("independent", true);
    for (size_t i = order.size(); i-- > 0;) {
      const ir::Var& var = box->vars[order[i]];
      body = ir::For(var, ir::MakeInt(var.dtype(), 0), box->extents[order[i]],
                     ir::MakeInt(var.dtype(), 1), ir::ForKind::kSerial, body, attrs, box->span);
      attrs = {};
    }
    return body;
  }
};

}  // namespace

ir::PrimFunc LowerParallel(const ir::PrimFunc& func, const lower::Context&) {
  return func.WithBody(ParallelLowerer().MutateStmt(func->body));
}

}  // namespace tilescale::pass
