#include "cc/pass/insert_sync.h"

#include <algorithm>

#include "cc/ir/intrinsic.h"
#include "cc/ir/visitor.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/divergence.h"
#include "cc/pass/sync_access.h"

namespace tilescale::pass {
namespace {

const ir::CallObj* CallOf(const ir::Stmt& s) {
  const auto* effect = s.as<ir::EvaluateObj>();
  return effect ? effect->value.as<ir::CallObj>() : nullptr;
}

bool IsCall(const ir::Stmt& s, const char* name) {
  const ir::CallObj* call = CallOf(s);
  return call && call->op == name;
}

// What may happen before a point: accesses that no barrier has ended yet, and copies for which no
// thread has waited yet.
struct State {
  Pending pending;
  Pending flying;
};

void Merge(State* to, const State& from) {
  Join(&to->pending, from.pending);
  Join(&to->flying, from.flying);
}

bool Equal(const State& a, const State& b) {
  return a.pending.size() == b.pending.size() && a.flying.size() == b.flying.size();
}

class SyncInserter {
 public:
  SyncInserter(const ir::PrimFunc& func, const lower::cuda::Context& context)
      : divergence_(func->body),
        accesses_(func, divergence_),
        analyzer_(context.analyzer.get()),
        threads_(context.threads),
        drops_first_(context.Has(lower::PlantedBug::kDroppedBarrier)) {}

  ir::Stmt Run(const ir::Stmt& s, State* state) {
    if (const auto* seq = s.as<ir::SeqObj>()) return RunSeq(seq, state);
    if (const auto* grid = s.as<ir::TileLoopObj>()) return RunGrid(grid, state);
    const auto* loop = s.as<ir::ForObj>();
    bool uniform = !divergence_.IsDivergent(s);
    if (loop && uniform && !loop->attrs.count(lower::cuda::kThreadLevel)) {
      return RunFor(loop, state);
    }
    const auto* branch = s.as<ir::IfObj>();
    if (branch && uniform) return RunIf(branch, state);
    const auto* repeat = s.as<ir::WhileObj>();
    if (repeat && uniform) return RunWhile(repeat, state);
    if (s.as<ir::BreakObj>() || s.as<ir::ContinueObj>()) {
      if (!leaving_.empty()) Merge(&leaving_.back(), *state);
      return s;
    }
    return RunLeaf(s, state);
  }

 private:
  static ir::Stmt Call(const char* name, ffi::Array<ffi::Any> args, const ir::Span& span) {
    return ir::Evaluate(ir::MakeCall(name, std::move(args), {}, ir::dtype::Int(32)), span);
  }

  // The synchronisation that `now` needs after `state`, which is brought up to date. Copies in
  // flight to what is accessed must arrive first; then everybody must know.
  ffi::Array<ir::Stmt> Before(const Pending& now, State* state, const ir::Span& span) {
    ffi::Array<ir::Stmt> sync;
    if (Conflicts(state->flying, now, false)) {
      sync.push_back(Call("ptx_wait_group", {ir::MakeInt(ir::dtype::Int(32), 0)}, span));
      Land(state);
    }
    if (Conflicts(state->pending, now, true)) {
      if (!drops_first_) sync.push_back(Call("sync_threads", {}, span));
      drops_first_ = false;
      state->pending.clear();
      ++barriers_;
    }
    for (const SyncAccess& access : now) {
      if (access.arrival == SyncAccess::Arrival::kWithWait) continue;
      const bool now_visible = access.arrival == SyncAccess::Arrival::kNow;
      Join(now_visible ? &state->pending : &state->flying, {access});
    }
    return sync;
  }

  // Whether two accesses must not happen at once. Copies in flight conflict with other copies only
  // through their order, which those to one place by one thread keep.
  bool Conflicts(const Pending& before, const Pending& now, bool landed) {
    for (const SyncAccess& a : before) {
      for (const SyncAccess& b : now) {
        SyncAccess other = a;
        if (!landed) other.who = Who::kAny;
        if (Conflict(other, b, analyzer_)) return true;
      }
    }
    return false;
  }

  // All copies have arrived, each for the thread that made it.
  static void Land(State* state) {
    for (SyncAccess access : state->flying) {
      access.arrival = SyncAccess::Arrival::kNow;
      Join(&state->pending, {access});
    }
    state->flying.clear();
  }

  static ir::Stmt With(const ffi::Array<ir::Stmt>& sync, const ir::Stmt& s) {
    if (sync.empty()) return s;
    ffi::Array<ir::Stmt> stmts = sync;
    stmts.push_back(s);
    return ir::Seq(stmts, s->span);
  }

  ir::Stmt RunLeaf(const ir::Stmt& s, State* state) {
    if (const auto* bind = s.as<ir::BindObj>()) accesses_.Bind(bind);
    if (const auto* fact = s.as<ir::AssumeObj>()) analyzer_->Assume(fact->cond);
    if (IsCall(s, "sync_threads") && MeetsAll(CallOf(s))) {
      state->pending.clear();
      return s;
    }
    if (IsCall(s, "ptx_wait_group")) return RunWait(s, state);
    return With(Before(accesses_.OfStmt(s), state, s->span), s);
  }

  // Whether a barrier of the user's is for the whole block: it names no other number of threads.
  bool MeetsAll(const ir::CallObj* barrier) const {
    return barrier->args.empty() || ir::IsConstInt(ir::Call::Arg(barrier, 1), threads_);
  }

  // A wait of a pipeline says what arrives. One of the user's own waits for everything if nothing
  // may be left, and for nothing that is known otherwise.
  ir::Stmt RunWait(const ir::Stmt& s, State* state) {
    const ir::CallObj* wait = CallOf(s);
    Pending completed = accesses_.Completed(wait);
    if (completed.empty()) {
      if (ir::IsConstInt(ir::Call::Arg(wait, 0), 0)) Land(state);
      return s;
    }
    Join(&state->pending, completed);
    return Call("ptx_wait_group", {ir::Call::Arg(wait, 0)}, s->span);
  }

  ir::Stmt RunSeq(const ir::SeqObj* seq, State* state) {
    auto scope = analyzer_->Enter();
    ffi::Array<ir::Stmt> stmts;
    for (const ir::Stmt& child : seq->stmts) {
      ir::Stmt result = Run(child, state);
      // A declaration stays visible to the statements behind it.
      const auto* pair = result.as<ir::SeqObj>();
      if (pair && !child.as<ir::SeqObj>()) {
        for (const ir::Stmt& s : pair->stmts) stmts.push_back(s);
      } else {
        stmts.push_back(result);
      }
    }
    return ir::Seq(stmts, seq->span);
  }

  ir::Stmt RunGrid(const ir::TileLoopObj* grid, State* state) {
    auto scope = analyzer_->Enter();
    for (size_t i = 0; i < grid->vars.size(); ++i) {
      const ir::Expr& extent = grid->extents[i];
      analyzer_->BindLoop(grid->vars[i], ir::MakeInt(extent.dtype(), 0), extent);
    }
    ir::Stmt body = Run(grid->body, state);
    return ir::TileLoop(grid->vars, grid->extents, grid->threads, body, grid->attrs, grid->span);
  }

  // A body that is entered from before the loop and from its own end. `age` makes of what an
  // iteration leaves what the next one finds.
  template <typename Age>
  ir::Stmt RunBody(const ir::Stmt& body, State* state, Age age) {
    State entry = *state;
    ir::Stmt result = body;
    std::unordered_set<const ffi::Object*> names = DeclaredIn(body);
    // What is pending only grows, so that this ends; two rounds are the rule.
    for (bool grows = true; grows;) {
      State before = entry;
      leaving_.emplace_back();
      State exit = entry;
      result = Run(body, &exit);
      Merge(&exit, leaving_.back());
      leaving_.pop_back();
      for (Pending* part : {&exit.pending, &exit.flying}) {
        Forget(part, names);
        age(part);
      }
      Merge(&entry, exit);
      grows = !Equal(before, entry);
    }
    *state = entry;
    return result;
  }

  ir::Stmt RunFor(const ir::ForObj* loop, State* state) {
    ffi::Array<ir::Stmt> sync =
        Before(accesses_.OfExprs({loop->min, loop->extent, loop->step}), state, loop->span);
    auto scope = analyzer_->Enter();
    analyzer_->BindLoop(loop->var, loop->min, loop->extent, loop->step);
    // Stands for the variable one iteration ago; older ones are not told apart.
    ir::Var last(loop->var->name, loop->var.dtype());
    auto age = [&](Pending* pending) { Age(loop, last, pending); };
    analyzer_->BindValue(last, ir::Expr(loop->var) - loop->step);
    ir::Stmt body = RunBody(loop->body, state, age);
    const std::unordered_set<const ffi::Object*> inner = {loop->var.get(), last.get()};
    Forget(&state->pending, inner);
    Forget(&state->flying, inner);
    return With(sync, ir::For(loop->var, loop->min, loop->extent, loop->step, loop->kind, body,
                              loop->attrs, loop->span));
  }

  static void Age(const ir::ForObj* loop, const ir::Var& last, Pending* pending) {
    Forget(pending, {last.get()});
    for (SyncAccess& access : *pending) {
      for (Span1& span : access.where) {
        if (!span.low) continue;
        span.low = ir::Substitute(*span.low, {{loop->var.get(), ir::Expr(last)}});
        span.high = ir::Substitute(*span.high, {{loop->var.get(), ir::Expr(last)}});
      }
    }
  }

  // A barrier that a branch needs against what came before it stands before the branch: whoever
  // comes after it needs it too, as a rule.
  ir::Stmt RunIf(const ir::IfObj* branch, State* state) {
    const Pending cond = accesses_.OfExprs({branch->cond});
    ffi::Array<ir::Stmt> sync = Before(cond, state, branch->span);
    State entry = *state;
    const int64_t before = barriers_;
    ir::Stmt result = RunBranches(branch, state);
    const int64_t needed = barriers_ - before;
    if (needed == 0 || entry.pending.empty()) return With(sync, result);
    // The condition is read behind that barrier.
    State synced{{}, entry.flying};
    Before(cond, &synced, branch->span);
    ir::Stmt behind = RunBranches(branch, &synced);
    if (barriers_ - before - needed == needed) {
      // The second run counted the same barriers again.
      barriers_ -= needed;
      return With(sync, result);
    }
    barriers_ = before + 1;
    *state = synced;
    sync.push_back(Call("sync_threads", {}, branch->span));
    return With(sync, behind);
  }

  ir::Stmt RunBranches(const ir::IfObj* branch, State* state) {
    State otherwise = *state;
    ir::Stmt then_body = [&] {
      auto scope = analyzer_->With(branch->cond);
      return Run(branch->then_body, state);
    }();
    ffi::Optional<ir::Stmt> else_body = branch->else_body;
    if (branch->else_body.has_value()) {
      auto scope = analyzer_->With(ir::MakeNot(branch->cond));
      else_body = Run(branch->else_body.value(), &otherwise);
    }
    std::unordered_set<const ffi::Object*> inner = DeclaredIn(branch->then_body);
    if (branch->else_body.has_value()) inner.merge(DeclaredIn(branch->else_body.value()));
    for (State* end : {state, &otherwise}) {
      for (Pending* part : {&end->pending, &end->flying}) {
        Forget(part, inner);
      }
    }
    Merge(state, otherwise);
    return ir::If(branch->cond, then_body, else_body, branch->span);
  }

  // The condition is read before each iteration: it becomes a leaf of the body.
  ir::Stmt RunWhile(const ir::WhileObj* loop, State* state) {
    auto keep = [](Pending*) {};
    if (accesses_.OfExprs({loop->cond}).empty()) {
      return ir::While(loop->cond, RunBody(loop->body, state, keep), loop->span);
    }
    ir::Stmt leave = ir::If(ir::MakeNot(loop->cond), ir::Break(), std::nullopt, loop->span);
    ir::Stmt body = ir::Seq({leave, loop->body}, loop->span);
    return ir::While(ir::MakeBool(true), RunBody(body, state, keep), loop->span);
  }

  Divergence divergence_;
  SyncAccesses accesses_;
  arith::Analyzer* analyzer_;
  int64_t threads_;
  bool drops_first_;  // a planted bug

  // By loop: what is pending at its breaks and continues.
  std::vector<State> leaving_;
  int64_t barriers_ = 0;
};

}  // namespace

ir::PrimFunc InsertSync(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  State state;
  auto scope = context.analyzer->Enter();
  return func.WithBody(SyncInserter(func, context).Run(func->body, &state));
}

}  // namespace tilescale::pass
