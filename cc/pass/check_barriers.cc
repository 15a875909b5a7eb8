#include "cc/pass/check_barriers.h"

#include <algorithm>
#include <string>

#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/op/thread_level.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

class BarrierChecker : public ir::Visitor {
 public:
  explicit BarrierChecker(const Divergence& divergence) : divergence_(divergence) {}

  void VisitStmt(const ir::Stmt& s) override {
    const Agreement outer = under_;
    const ir::Stmt place = place_, branch = branch_;
    place_ = s;
    const Agreement control = divergence_.OfControl(s);
    // All who come to a branch evaluate its condition.
    const auto* fork = s.as<ir::IfObj>();
    if (fork) VisitExpr(fork->cond);
    if (control > under_) branch_ = s;
    under_ = std::max(under_, control);
    if (fork) {
      VisitStmt(fork->then_body);
      if (fork->else_body.has_value()) VisitStmt(fork->else_body.value());
    } else {
      VisitFields(s);
    }
    under_ = outer;
    place_ = place;
    branch_ = branch;
  }

  void VisitExpr(const ir::Expr& e) override {
    if (const auto* call = e.as<ir::CallObj>()) Check(call);
    VisitFields(e);
  }

 private:
  void Check(const ir::CallObj* call) const {
    const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
    if (!decl || under_ == Agreement::kBlock) return;
    // At a numbered barrier others may arrive from another place.
    const bool numbered = call->op == "sync_threads" && !call->args.empty();
    const bool block = decl->orders == ir::Orders::kBlock && !numbered;
    const bool warp = decl->orders == ir::Orders::kWarp && ir::ActsOnWholeWarps(call);
    if (block) Throw(call, "all threads of the block", "the block");
    if (warp && under_ == Agreement::kThread) Throw(call, "all lanes of the warp", "the warp");
  }

  [[noreturn]] void Throw(const ir::CallObj* call, const std::string& who,
                          const std::string& group) const {
    std::string got = "one in a branch or loop on which they do not agree";
    if (branch_->span.defined()) got += ", in line " + std::to_string(branch_->span->line);
    const bool block = group == "the block";
    support::UserError("DivergentBarrierError")
        .Message("`T." + op::CalledName(call) + "` stands where not " + who + " come")
        .Expected("a barrier that " + who + " reach")
        .Got(got)
        .Remedy(block ? "move it out of there; make the condition one of the block, with "
                        "`T.syncthreads_or`; or let whole warps meet at a barrier of their own, "
                        "`T.sync_threads(barrier_id, arrive_count)`"
                      : "move it out of there; make the condition one of the warp, with "
                        "`T.any_sync`; or name the lanes that come, `T.sync_warp(mask)`")
        .At(ir::ToLocation(place_->span))
        .Throw();
  }

  const Divergence& divergence_;
  Agreement under_ = Agreement::kBlock;
  ir::Stmt place_ = ir::Seq(ffi::Array<ir::Stmt>());
  ir::Stmt branch_ = place_;
};

}  // namespace

void CheckBarriers(const ir::Stmt& body, const Divergence& divergence) {
  BarrierChecker(divergence).VisitStmt(body);
}

bool MeetsWholeBlock(const ir::CallObj* call, int64_t threads) {
  return call->op != "sync_threads" || call->args.empty() ||
         ir::IsConstInt(ir::Call::Arg(call, 1), threads);
}

}  // namespace tilescale::pass
