#include "cc/pass/lower_thread_level.h"

#include <algorithm>
#include <string>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/op/tile_op.h"
#include "cc/pass/check_barriers.h"
#include "cc/pass/check_instructions.h"
#include "cc/pass/divergence.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

constexpr int64_t kWarpGroupSize = 128;

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal) ||
         buffer.IsScope(ir::scope::kFragment) || buffer.IsScope(ir::scope::kReducer);
}

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

// Replaces questions for the thread by arithmetic on its number in the block, x fastest.
class QueryReplacer : public ir::Mutator {
 public:
  QueryReplacer(const lower::cuda::Context& context, const ffi::Array<ir::Expr>& extents)
      : context_(context), extents_(extents) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    const auto* call = e.as<ir::CallObj>();
    if (!call) return DefaultExpr(e);
    const ir::Expr thread = context_.thread;
    if (call->op == "get_thread_binding") return Binding(call);
    if (call->op == "get_lane_idx") return ir::FloorMod(thread, Int(lower::cuda::kWarpSize));
    if (call->op == "get_warp_idx" || call->op == "get_warp_idx_sync") {
      return ir::FloorDiv(thread, Int(lower::cuda::kWarpSize));
    }
    if (call->op == "get_warp_group_idx") return ir::FloorDiv(thread, Int(kWarpGroupSize));
    if (call->op == "shuffle_elect") return Elect(call);
    return DefaultExpr(e);
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* bind = s.as<ir::BindObj>();
    return bind && bind->var.same_as(context_.thread) ? s : DefaultStmt(s);
  }

 private:
  // One lane of the first warp of each group of threads; a group of 0 is the whole block.
  ir::Expr Elect(const ir::CallObj* call) const {
    const int64_t* threads = ir::AsConstInt(ir::Call::Arg(call, 0));
    TILESCALE_CHECK(threads && *threads >= 0, "shuffle_elect of no constant");
    ir::Expr elect =
        ir::MakeCall("shuffle_elect", {Int(lower::cuda::kWarpSize)}, {}, ir::dtype::Bool());
    if (*threads == lower::cuda::kWarpSize) return elect;
    ir::Expr warp = ir::FloorDiv(context_.thread, Int(lower::cuda::kWarpSize));
    if (*threads > 0) warp = ir::FloorMod(warp, Int(*threads / lower::cuda::kWarpSize));
    return ir::Equal(warp, Int(0)) && elect;
  }

  ir::Expr Binding(const ir::CallObj* call) const {
    const int64_t* dim = call->args.empty() ? nullptr : ir::AsConstInt(ir::Call::Arg(call, 0));
    size_t d = dim ? static_cast<size_t>(*dim) : 0;
    if (d >= std::max<size_t>(extents_.size(), 1)) return Int(0);
    ir::Expr number = context_.thread;
    for (size_t i = 0; i < d; ++i) number = ir::FloorDiv(number, extents_[i]);
    return d + 1 < extents_.size() ? ir::FloorMod(number, extents_[d]) : number;
  }

  const lower::cuda::Context& context_;
  ffi::Array<ir::Expr> extents_;
};

class ThreadLevelMarker : public ir::Mutator {
 public:
  explicit ThreadLevelMarker(const Divergence& divergence) : divergence_(divergence) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    // Iterations of a `Parallel` are threads' already.
    if (s.as<ir::ParallelObj>() || s.as<ir::TileOpObj>()) return s;
    if (const auto* seq = s.as<ir::SeqObj>()) return MutateSeq(seq);
    if (divergence_.IsControlDivergent(s)) {
      CheckThreadCode(s);
      return Mark(s);
    }
    const auto* store = s.as<ir::StoreObj>();
    if (store && IsVisible(store->buffer) &&
        (divergence_.IsDivergent(store->indices) || divergence_.IsDivergent(store->value))) {
      return Mark(s);
    }
    const auto* effect = s.as<ir::EvaluateObj>();
    if (effect && divergence_.IsDivergent(effect->value) && !Synchronizes(effect->value)) {
      return Mark(s);
    }
    return DefaultStmt(s);
  }

 private:
  // What all threads do together, whatever each does before and after.
  static bool Synchronizes(const ir::Expr& value) {
    const auto* call = value.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    return call &&
           (call->op == "ptx_commit_group" || call->op == "ptx_wait_group" ||
            (decl && decl->orders != ir::Orders::kNothing && decl->orders != ir::Orders::kSome));
  }

  // One round of a loop that every thread makes.
  static ir::Stmt Mark(const ir::Stmt& s) {
    ir::Var once("once", ir::dtype::Int(32));
    return ir::For(once, Int(0), Int(1), Int(1), ir::ForKind::kSerial, s,
                   {{lower::cuda::kThreadLevel, true}}, s->span);
  }

  ir::Stmt MutateSeq(const ir::SeqObj* seq) {
    ffi::Array<ir::Stmt> stmts;
    for (const ir::Stmt& child : seq->stmts) {
      const auto* bind = child.as<ir::BindObj>();
      if (!bind || !HasEffect(bind->value) || !divergence_.IsDivergent(bind->value)) {
        stmts.push_back(MutateStmt(child));
        continue;
      }
      // Each thread's own result: through a variable, which thread-level code may write.
      ir::Buffer result = lower::ScalarVar(std::string(bind->var->name), bind->var.dtype());
      stmts.push_back(ir::Alloc(result, std::nullopt, bind->span));
      stmts.push_back(Mark(ir::Store(result, {}, bind->value, bind->span)));
      stmts.push_back(ir::Bind(bind->var, ir::Load(result, {}), bind->span));
    }
    return ir::Seq(stmts, seq->span);
  }

  // The compiler's own question for the thread's number has no effect.
  static bool HasEffect(const ir::Expr& e) {
    bool found = false;
    ir::ForEachExpr(e, [&](const ir::Expr& x) {
      const auto* call = x.as<ir::CallObj>();
      if (!call || call->op == "get_thread_binding") return;
      const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
      found = found || !decl || decl->effect == ir::Effect::kState;
    });
    return found;
  }

  // Threads that go different ways cannot carry out together what a block does.
  static void CheckThreadCode(const ir::Stmt& branch) {
    ir::ForEachStmt(branch, [&](const ir::Stmt& s) {
      auto op = s.as<ir::TileOp>();
      std::string name = op ? op::GetOpInfo(*op).name : "";
      bool single = name == "print" || name == "device_assert" || name == "reducer_update";
      if (s.as<ir::ParallelObj>()) name = "Parallel";
      if (name.empty() || single) return;
      support::UserError("DivergentTileOpError")
          .Message("`T." + name + "` stands under a condition that differs between threads")
          .Expected("a condition that is the same for all threads of a block")
          .Got("one that depends on the number of the thread")
          .Remedy("move it out of the branch, or write the branch for single threads")
          .At(ir::ToLocation(s->span))
          .Throw();
    });
  }

  const Divergence& divergence_;
};

bool UsesThreads(const ir::Stmt& body, const ir::Var& thread) {
  struct Finder : ir::Visitor {
    const ir::Var* thread;
    bool found = false;
    void VisitExpr(const ir::Expr& e) override {
      const auto* call = e.as<ir::CallObj>();
      const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
      found = found || (decl && decl->executors == ir::Executors::kAll);
      VisitFields(e);
    }
    void VisitStmt(const ir::Stmt& s) override {
      const auto* bind = s.as<ir::BindObj>();
      if (!bind || !bind->var.same_as(*thread)) VisitFields(s);
    }
  } finder;
  finder.thread = &thread;
  finder.VisitStmt(body);
  return finder.found;
}

}  // namespace

ir::PrimFunc LowerThreadLevel(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  CheckInstructions(func, context);
  if (!UsesThreads(func->body, context.thread)) return func;
  ffi::Array<ir::Expr> extents;
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    if (const auto* grid = s.as<ir::TileLoopObj>()) extents = grid->threads;
  });
  ir::Stmt body = QueryReplacer(context, extents).MutateStmt(func->body);
  const Divergence divergence(body, context);
  CheckBarriers(body, divergence);
  return func.WithBody(ThreadLevelMarker(divergence).MutateStmt(body));
}

}  // namespace tilescale::pass
