#include "cc/pass/insert_sync.h"

#include <tvm/ffi/cast.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "cc/ir/intrinsic.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/check_barriers.h"
#include "cc/pass/divergence.h"
#include "cc/pass/region_sync.h"
#include "cc/pass/sync_access.h"
#include "cc/pass/sync_calls.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

bool Equal(const SyncState& a, const SyncState& b) {
  return a.pending.size() == b.pending.size() && a.flying.size() == b.flying.size();
}

class SyncInserter {
 public:
  SyncInserter(const ir::PrimFunc& func, const lower::cuda::Context& context)
      : divergence_(func->body, context),
        accesses_(func, divergence_, context),
        analyzer_(context.analyzer.get()),
        meetings_(context.thread, context.threads, analyzer_),
        regions_(func, divergence_, context, &meetings_),
        threads_(context.threads),
        most_groups_(MostGroups(func->body) + 1),
        drops_first_(context.Has(lower::PlantedBug::kDroppedBarrier)) {}

  ir::Stmt Run(const ir::Stmt& s, SyncState* state) {
    if (const auto* seq = s.as<ir::SeqObj>()) return RunSeq(seq, state);
    if (const auto* grid = s.as<ir::TileLoopObj>()) return RunGrid(grid, state);
    const auto* loop = s.as<ir::ForObj>();
    bool uniform = !divergence_.IsControlDivergent(s);
    if (loop && uniform && !loop->attrs.count(lower::cuda::kThreadLevel)) {
      return RunFor(loop, state);
    }
    const auto* branch = s.as<ir::IfObj>();
    if (branch && uniform) return RunIf(branch, state);
    const auto* repeat = s.as<ir::WhileObj>();
    if (repeat && uniform) return RunWhile(repeat, state);
    if (s.as<ir::BreakObj>() || s.as<ir::ContinueObj>()) {
      if (!leaving_.empty()) leaving_.back().Merge(*state);
      return s;
    }
    return RunLeaf(s, state);
  }

  std::vector<std::string> Notes() const { return regions_.Notes(); }

 private:
  static ir::Stmt Call(const char* name, ffi::Array<ffi::Any> args, const ir::Span& span) {
    return ir::Evaluate(ir::MakeCall(name, std::move(args), {}, ir::dtype::Int(32)), span);
  }

  // The synchronisation that `now` needs after `state`, which is brought up to date. Copies in
  // flight to what is accessed must arrive first; then everybody must know.
  ffi::Array<ir::Stmt> Before(const Pending& now, SyncState* state, const ir::Span& span) {
    ffi::Array<ir::Stmt> sync = Arrive(now, state, span);
    if (regions_.IsInside()) {
      for (const ir::Stmt& s : regions_.Between(now, state, span)) sync.push_back(s);
      state->Add(now);
      return sync;
    }
    Meeting needed = Meeting::kNobody;
    for (const SyncAccess& a : state->pending) {
      for (const SyncAccess& b : now) {
        if (needed == Meeting::kBlock) break;
        needed = std::max(needed, Needed(a, b, &meetings_, analyzer_));
      }
    }
    // Lanes that do not exist cannot come to the barrier of their warp.
    if (needed == Meeting::kWarp && threads_ % lower::cuda::kWarpSize != 0) {
      needed = Meeting::kBlock;
    }
    if (needed != Meeting::kNobody) {
      const bool block = needed == Meeting::kBlock;
      if (!drops_first_) sync.push_back(Call(block ? "sync_threads" : "sync_warp", {}, span));
      drops_first_ = false;
      block ? state->pending.clear() : state->MeetInWarps();
      barriers_ += block ? 1 : 0;
    }
    state->Add(now);
    return sync;
  }

  // The wait for copies in flight that `now` must not meet, which leaves those that started later
  // in flight.
  ffi::Array<ir::Stmt> Arrive(const Pending& now, SyncState* state, const ir::Span& span) {
    std::optional<int64_t> oldest;
    for (const SyncAccess& a : state->flying) {
      for (const SyncAccess& b : now) {
        if (oldest && *oldest <= a.groups) break;
        if (Overtakes(b, a, &meetings_, analyzer_)) oldest = a.groups;
      }
    }
    if (!oldest) return {};
    ffi::Array<ir::Stmt> sync;
    if (*oldest == 0) {
      // A wait is for groups that have ended.
      sync.push_back(Call("ptx_commit_group", {}, span));
      state->EndGroup(most_groups_);
      oldest = 1;
    }
    sync.push_back(Call("ptx_wait_group", {ir::MakeInt(ir::dtype::Int(32), *oldest - 1)}, span));
    state->Land(*oldest - 1);
    return sync;
  }

  static ir::Stmt With(const ffi::Array<ir::Stmt>& sync, const ir::Stmt& s) {
    if (sync.empty()) return s;
    ffi::Array<ir::Stmt> stmts = sync;
    stmts.push_back(s);
    return ir::Seq(stmts, s->span);
  }

  ir::Stmt RunLeaf(const ir::Stmt& s, SyncState* state) {
    if (const auto* bind = s.as<ir::BindObj>()) accesses_.Bind(bind);
    if (const auto* fact = s.as<ir::AssumeObj>()) analyzer_->Assume(fact->cond);
    if (IsCall(s, "ptx_wait_group")) return RunWait(s, state);
    if (IsCall(s, "ptx_commit_group")) state->EndGroup(most_groups_);
    const Pending now = accesses_.OfStmt(s);
    if (auto parts = Halves(s, now)) return RunSeq(parts->as<ir::SeqObj>(), state);
    ir::Stmt result = With(Before(now, state, s->span), RunRegion(s, now));
    Meet(Unwrapped(s), now, state);
    // Those that leave a loop from there have not met anybody since.
    if (regions_.IsInside() && Leaves(s) && !leaving_.empty()) leaving_.back().Merge(*state);
    return result;
  }

  // Code in which threads go ways of their own. What it needs against accesses before stands before
  // it; inside it starts from nothing.
  ir::Stmt RunRegion(const ir::Stmt& s, const Pending& now) {
    const auto* loop = s.as<ir::ForObj>();
    const auto* repeat = s.as<ir::WhileObj>();
    const auto* branch = s.as<ir::IfObj>();
    auto writes = [](const SyncAccess& access) { return access.write; };
    if (!(loop || repeat || branch) || std::none_of(now.begin(), now.end(), writes)) return s;
    SyncState inside;
    if (branch) return RunSides(branch);
    const ThreadRegion region = regions_.Here().Within(divergence_.OfControl(s));
    if (region.IsOneThread()) return s;
    EnterRegion(region, s, std::nullopt);
    ir::Stmt result = repeat                    ? RunWhile(repeat, &inside)
                      : Unwrapped(s).same_as(s) ? RunIterations(loop, &inside)
                                                : RunOnce(loop, &inside);
    LeaveRegion();
    return result;
  }

  ir::Stmt RunOnce(const ir::ForObj* once, SyncState* state) {
    return ir::For(once->var, once->min, once->extent, once->step, once->kind,
                   Run(once->body, state), once->attrs, once->span);
  }

  ir::Stmt RunSides(const ir::IfObj* branch) {
    const ir::Expr cond = accesses_.Resolve(branch->cond);
    if (branch->else_body.has_value()) {
      regions_.CheckSides(ffi::GetRef<ir::Stmt>(branch), OfSide(branch->then_body, cond),
                          OfSide(branch->else_body.value(), ir::MakeNot(cond)));
    }
    auto run = [&](const ir::Stmt& side, const ir::Expr& holds) {
      const ThreadRegion region = regions_.Here().Where(holds);
      if (region.IsOneThread()) return side;
      SyncState inside;
      EnterRegion(region, ffi::GetRef<ir::Stmt>(branch), holds);
      auto scope = analyzer_->With(holds);
      ir::Stmt result = Run(side, &inside);
      LeaveRegion();
      return result;
    };
    ffi::Optional<ir::Stmt> else_body = branch->else_body;
    if (else_body.has_value()) else_body = run(else_body.value(), ir::MakeNot(cond));
    return ir::If(branch->cond, run(branch->then_body, cond), else_body, branch->span);
  }

  // What a side of a branch accesses, by those for which `holds`.
  Pending OfSide(const ir::Stmt& side, const ir::Expr& holds) {
    accesses_.Enter(holds);
    Pending found = accesses_.OfStmt(side);
    accesses_.Leave();
    return found;
  }

  void EnterRegion(const ThreadRegion& region, const ir::Stmt& s,
                   const std::optional<ir::Expr>& cond) {
    regions_.Enter(region, s);
    // The round of a loop that every thread makes is no condition.
    const bool all = !cond && divergence_.OfControl(s) == Agreement::kBlock;
    accesses_.Enter(all ? ir::MakeBool(true) : cond);
  }

  void LeaveRegion() {
    accesses_.Leave();
    regions_.Leave();
  }

  // A store whose value other threads may overwrite before it is read, like `s[i] = s[i + 1]`: as
  // two statements, between which a barrier can stand. Indices that depend on data are taken to be
  // each thread's own, as nothing else could be meant.
  std::optional<ir::Stmt> Halves(const ir::Stmt& s, const Pending& now) {
    const auto* once = s.as<ir::ForObj>();
    const auto* store = Unwrapped(s).as<ir::StoreObj>();
    if (!store || !(once || regions_.IsInside())) return std::nullopt;
    const Pending reads = accesses_.OfExprs({store->value});
    auto known = [](const SyncAccess& access) {
      return access.by_thread && access.by_thread->own.empty();
    };
    auto meet = [&](const SyncAccess& read, const SyncAccess& access) {
      if (!access.write || !known(read) || !known(access)) return false;
      const Meeting needed = regions_.IsInside() ? regions_.Needed(read, access)
                                                 : Needed(read, access, &meetings_, analyzer_);
      return needed != Meeting::kNobody;
    };
    bool overwritten = false;
    for (const SyncAccess& read : reads) {
      for (const SyncAccess& access : now) overwritten = overwritten || meet(read, access);
    }
    if (!overwritten) return std::nullopt;
    auto& variable = values_[store];
    if (!variable) {
      variable = lower::ScalarVar(std::string(store->buffer->name) + "_next", store->value.dtype());
    }
    auto by_threads = [&](const ir::Stmt& part) -> ir::Stmt {
      if (!once) return part;
      return ir::For(once->var, once->min, once->extent, once->step, once->kind, part, once->attrs,
                     s->span);
    };
    ir::Stmt read = by_threads(ir::Store(*variable, {}, store->value, s->span));
    ir::Stmt write =
        by_threads(ir::Store(store->buffer, store->indices, ir::Load(*variable, {}), s->span));
    return ir::Seq({ir::Alloc(*variable, std::nullopt, s->span), read, write}, s->span);
  }

  // What the kernel's own barriers in a statement, whose accesses are `now`, do to those before.
  // Shuffles and votes of a warp do nothing: PTX lets them order no memory.
  void Meet(const ir::Stmt& s, const Pending& now, SyncState* state) const {
    const ir::CallObj* call = MeetingIn(s);
    if (!call) return;
    const ir::Orders orders = ir::FindIntrinsic(call->op)->orders;
    // Who meets there is for the user to know.
    if (regions_.IsInside()) {
      orders == ir::Orders::kWarp ? state->MeetInWarps() : state->pending.clear();
      return;
    }
    if (orders == ir::Orders::kWarp && ir::ActsOnWholeWarps(call)) state->MeetInWarps();
    if (orders != ir::Orders::kBlock || !MeetsWholeBlock(call, threads_)) return;
    state->pending.clear();
    // The result of a vote may be used together with memory, after the barrier.
    const auto* bind = s.as<ir::BindObj>();
    if (!s.as<ir::EvaluateObj>() && !(bind && bind->value.get() == call)) state->Add(now);
  }

  // A wait completes all groups but the latest. One of a pipeline says what arrives with them.
  ir::Stmt RunWait(const ir::Stmt& s, SyncState* state) {
    const ir::CallObj* wait = CallOf(s);
    state->Land(Allowed(wait));
    Pending completed = accesses_.Completed(wait);
    if (completed.empty()) return s;
    Join(&state->pending, completed);
    return Call("ptx_wait_group", {ir::Call::Arg(wait, 0)}, s->span);
  }

  ir::Stmt RunSeq(const ir::SeqObj* seq, SyncState* state) {
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

  ir::Stmt RunGrid(const ir::TileLoopObj* grid, SyncState* state) {
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
  ir::Stmt RunBody(const ir::Stmt& body, SyncState* state, Age age) {
    SyncState entry = *state;
    ir::Stmt result = body;
    const Names names = DeclaredIn(body);
    // What is pending only grows, so that this ends; two rounds are the rule.
    for (bool grows = true; grows;) {
      SyncState before = entry;
      leaving_.emplace_back();
      SyncState exit = entry;
      result = Run(body, &exit);
      exit.Merge(leaving_.back());
      leaving_.pop_back();
      for (Pending* part : {&exit.pending, &exit.flying}) {
        Forget(part, names, analyzer_);
        age(part);
      }
      entry.Merge(exit);
      grows = !Equal(before, entry);
    }
    *state = std::move(entry);
    return result;
  }

  // A barrier that only what came before the loop asks for stands before it, and is met once.
  ir::Stmt RunFor(const ir::ForObj* loop, SyncState* state) {
    const Pending header = accesses_.OfExprs({loop->min, loop->extent, loop->step});
    ffi::Array<ir::Stmt> sync = Before(header, state, loop->span);
    const SyncState entry = *state;
    const int64_t before = barriers_;
    ir::Stmt result = RunIterations(loop, state);
    const int64_t needed = barriers_ - before;
    if (needed == 0 || entry.pending.empty()) return With(sync, result);
    SyncState synced{{}, entry.flying};
    Before(header, &synced, loop->span);
    ir::Stmt behind = RunIterations(loop, &synced);
    if (barriers_ - before > needed) {
      // The iterations need barriers for themselves, which were counted again.
      barriers_ = before + needed;
      return With(sync, result);
    }
    barriers_ = before + 1;
    *state = std::move(synced);
    sync.push_back(Call("sync_threads", {}, loop->span));
    return With(sync, behind);
  }

  // A loop's variable in earlier iterations: the one before, and any before that. The same names
  // each time that an outer loop comes here.
  struct Earlier {
    ir::Var last;
    ir::Var older;
  };

  const Earlier& EarlierOf(const ir::ForObj* loop) {
    auto name = [&] { return ir::Var(loop->var->name, loop->var.dtype()); };
    const Earlier& earlier = earlier_.emplace(loop, Earlier{name(), name()}).first->second;
    const ir::Expr var = loop->var;
    analyzer_->BindValue(earlier.last, var - loop->step);
    // Bounded from above alone. That it is not before the first iteration says that there are such
    // iterations: only their accesses know it.
    analyzer_->Bind(earlier.older, arith::Interval::Of(var.dtype()));
    const int64_t* step = ir::AsConstInt(loop->step);
    if (!step || *step <= 0) return earlier;
    analyzer_->Assume(ir::Expr(earlier.older) <= var - ir::MakeInt(var.dtype(), 2 * *step));
    return earlier;
  }

  ir::Stmt RunIterations(const ir::ForObj* loop, SyncState* state) {
    auto scope = analyzer_->Enter();
    analyzer_->BindLoop(loop->var, loop->min, loop->extent, loop->step);
    const Earlier& earlier = EarlierOf(loop);
    // What happened before the loop is met by the first iteration, until that is over.
    for (Pending* part : {&state->pending, &state->flying}) {
      for (SyncAccess& access : *part) access.when.push_back(ir::Equal(loop->var, loop->min));
    }
    auto age = [&](Pending* pending) {
      ForgetWhen(pending, {loop->var});
      Substitute(pending, {{earlier.last.get(), ir::Expr(earlier.older)},
                           {loop->var.get(), ir::Expr(earlier.last)}});
      KnowWhen(pending, earlier.older, loop->min <= earlier.older);
      const int64_t* rounds = ir::AsConstInt(loop->extent);
      if (regions_.IsInside() && !(rounds && *rounds > 1)) Doubt(pending, {});
    };
    ir::Stmt body = RunBody(loop->body, state, age);
    // Behind the loop no iteration is told apart from another.
    analyzer_->Bind(earlier.older, analyzer_->Bounds(loop->var));
    for (Pending* part : {&state->pending, &state->flying}) {
      Substitute(part, {{earlier.last.get(), ir::Expr(earlier.older)}});
      Forget(part, {loop->var, earlier.older}, analyzer_);
    }
    return ir::For(loop->var, loop->min, loop->extent, loop->step, loop->kind, body, loop->attrs,
                   loop->span);
  }

  // A barrier that a branch needs against what came before it stands before the branch: whoever
  // comes after it needs it too, as a rule.
  ir::Stmt RunIf(const ir::IfObj* branch, SyncState* state) {
    const Pending cond = accesses_.OfExprs({branch->cond});
    ffi::Array<ir::Stmt> sync = Before(cond, state, branch->span);
    SyncState entry = *state;
    const int64_t before = barriers_;
    ir::Stmt result = RunBranches(branch, state);
    const int64_t needed = barriers_ - before;
    if (needed == 0 || entry.pending.empty()) return With(sync, result);
    // The condition is read behind that barrier.
    SyncState synced{{}, entry.flying};
    Before(cond, &synced, branch->span);
    ir::Stmt behind = RunBranches(branch, &synced);
    if (barriers_ - before - needed == needed) {
      // The second run counted the same barriers again.
      barriers_ -= needed;
      return With(sync, result);
    }
    barriers_ = before + 1;
    *state = std::move(synced);
    sync.push_back(Call("sync_threads", {}, branch->span));
    return With(sync, behind);
  }

  ir::Stmt RunBranches(const ir::IfObj* branch, SyncState* state) {
    const Pending before = state->pending;
    SyncState otherwise = *state;
    ir::Stmt then_body = [&] {
      auto scope = analyzer_->With(branch->cond);
      return Run(branch->then_body, state);
    }();
    ffi::Optional<ir::Stmt> else_body = branch->else_body;
    if (branch->else_body.has_value()) {
      auto scope = analyzer_->With(ir::MakeNot(branch->cond));
      else_body = Run(branch->else_body.value(), &otherwise);
    }
    const Names inner = DeclaredIn(ir::If(branch->cond, branch->then_body, branch->else_body));
    for (SyncState* end : {state, &otherwise}) {
      for (Pending* part : {&end->pending, &end->flying}) Forget(part, inner, analyzer_);
    }
    state->Merge(otherwise);
    if (regions_.IsInside()) Doubt(&state->pending, before);
    return ir::If(branch->cond, then_body, else_body, branch->span);
  }

  // The condition is read before each iteration: it becomes a leaf of the body.
  ir::Stmt RunWhile(const ir::WhileObj* loop, SyncState* state) {
    auto keep = [&](Pending* pending) {
      if (regions_.IsInside()) Doubt(pending, {});
    };
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
  ThreadMeetings meetings_;
  RegionSync regions_;
  int64_t threads_;
  int64_t most_groups_;
  bool drops_first_;  // a planted bug

  // By loop: what is pending at its breaks and continues.
  std::vector<SyncState> leaving_;
  std::unordered_map<const ir::ForObj*, Earlier> earlier_;
  // By store that is made in two parts: what is between them.
  std::unordered_map<const ir::StoreObj*, std::optional<ir::Buffer>> values_;
  int64_t barriers_ = 0;
};

}  // namespace

ir::PrimFunc InsertSync(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  SyncState state;
  auto scope = context.analyzer->Enter();
  SyncInserter inserter(func, context);
  ir::Stmt body = inserter.Run(func->body, &state);
  ffi::Array<ffi::String> notes;
  for (const std::string& note : inserter.Notes()) notes.push_back(note);
  if (notes.empty()) return func.WithBody(body);
  ir::AttrMap attrs = func->attrs;
  attrs.Set(kSyncNotes, notes);
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles, body, attrs,
                      func->span);
}

}  // namespace tilescale::pass
