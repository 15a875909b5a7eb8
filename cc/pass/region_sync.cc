#include "cc/pass/region_sync.h"

#include <algorithm>

#include "cc/ir/intrinsic.h"
#include "cc/ir/visitor.h"
#include "cc/pass/enumerate_elements.h"
#include "cc/pass/linear.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

// Barrier 0 is the block's.
constexpr int64_t kNamedBarriers = 16;

std::vector<int64_t> FreeBarriers(const ir::Stmt& body) {
  std::set<int64_t> used = {0};
  bool any = false;
  ir::ForEachExpr(body, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    const bool named = call && !call->args.empty() &&
                       (call->op == "sync_threads" || call->op == "named_barrier_arrive");
    const bool foreign = call && (!ir::FindIntrinsic(call->op) || call->op == "call_extern");
    const int64_t* number = named ? ir::AsConstInt(ir::Call::Arg(call, 0)) : nullptr;
    any = any || foreign || (named && !number);
    if (number) used.insert(*number);
  });
  std::vector<int64_t> free;
  for (int64_t i = 0; i < kNamedBarriers && !any; ++i) {
    if (used.count(i) == 0) free.push_back(i);
  }
  return free;
}

bool HasOtherMeans(const ir::Stmt& s) {
  bool found = false;
  ir::ForEachExpr(s, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    if (!call) return;
    found = found || !decl || call->op == "call_extern";
    for (size_t i = 0; decl && i < decl->memory.size(); ++i) {
      found = found || decl->memory[i] == ir::MemoryUse::kAtomic;
    }
  });
  return found;
}

// Whether threads meet in `s` by the kernel's own doing.
bool HasMeetings(const ir::Stmt& s) {
  bool found = false;
  ir::ForEachExpr(s, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    found = found || (decl && decl->orders != ir::Orders::kNothing);
  });
  return found;
}

std::string LineOf(const ir::Span& span) { return "line " + std::to_string(span->line); }

std::string Done(const SyncAccess& access) {
  return (access.write ? "written in " : "read in ") + LineOf(access.span);
}

bool HaveLines(const SyncAccess& a, const SyncAccess& b) {
  return a.span.defined() && b.span.defined();
}

ir::Stmt Call(const char* name, const ffi::Array<ffi::Any>& args, const ir::Span& span) {
  return ir::Evaluate(ir::MakeCall(name, args, {}, ir::dtype::Int(32)), span);
}

}  // namespace

RegionSync::RegionSync(const ir::PrimFunc& func, const Divergence& divergence,
                       const lower::cuda::Context& context, ThreadMeetings* threads)
    : context_(context),
      threads_(threads),
      all_(divergence, context),
      free_(FreeBarriers(func->body)) {}

void RegionSync::Enter(const ThreadRegion& region, const ir::Stmt& branch) {
  const bool outer = IsInside() && places_.back().has_other_means;
  places_.push_back({region, branch, outer || HasOtherMeans(branch)});
}

Meeting RegionSync::Needed(const SyncAccess& a, const SyncAccess& b) const {
  Meeting needed = pass::Needed(a, b, threads_, context_.analyzer.get());
  if (needed == Meeting::kBlock && Here().IsOneWarp()) {
    needed = a.warps_met ? Meeting::kNobody : Meeting::kWarp;
  }
  const bool alone = needed == Meeting::kWarp && Here().IsOneThreadPerWarp();
  return alone ? Meeting::kNobody : needed;
}

// The elements as a function of the thread alone. Where data decides who comes, that may be a
// single thread, unless each has an element of its own.
std::optional<ThreadElements> RegionSync::Exact(const SyncAccess& access) const {
  if (!access.by_thread) return std::nullopt;
  ThreadElements elements = *access.by_thread;
  const ir::Var& thread = context_.thread;
  auto unknown = [&](const ir::Expr& cond) {
    return !IsOf(cond, thread) || !Mentions(cond, thread.get());
  };
  auto& conditions = elements.conditions;
  conditions.erase(std::remove_if(conditions.begin(), conditions.end(), unknown), conditions.end());
  const bool mentioned =
      std::any_of(elements.own.begin(), elements.own.end(), [&](const auto& own) {
        return std::any_of(elements.first.begin(), elements.first.end(),
                           [&](const ir::Expr& e) { return Mentions(e, own.var.get()); });
      });
  elements.own.clear();
  if (mentioned || elements.by_warp) return std::nullopt;
  const bool shared = access.guarded && threads_->MayMeet(elements, elements, Pairs::kThreads);
  return shared ? std::nullopt : std::optional(elements);
}

bool RegionSync::IsCertain(const Conflict& conflict) const {
  const SyncAccess &a = *conflict.before, &b = *conflict.now;
  if (places_.back().has_other_means || !HaveLines(a, b) || a.doubtful || b.doubtful) return false;
  if (a.buffer != b.buffer) return false;
  auto x = Exact(a), y = Exact(b);
  if (!x || !y || x->buffer != y->buffer) return false;
  const Pairs pairs = conflict.meeting == Meeting::kBlock ? Pairs::kWarps : Pairs::kThreads;
  return MeetByEnumeration(*x, *y, pairs, context_.thread, context_.threads) == true;
}

void RegionSync::Throw(const Conflict& conflict) const {
  const SyncAccess &a = *conflict.before, &b = *conflict.now;
  const ir::Span& branch = places_.back().branch->span;
  const bool warps = conflict.meeting == Meeting::kBlock;
  std::string got = "both under a condition or loop on which they do not agree";
  if (branch.defined()) got += ", in " + LineOf(branch);
  support::UserError("DivergentAccessError")
      .Message("`" + std::string(a.buffer->name) + "` is " + Done(a) + " and " + Done(b) +
               " by other threads, where not all of the block come")
      .Expected("a barrier between the two, to which all threads of the block come")
      .Got(got)
      .Remedy(
          std::string("close the branch between the two, where the compiler puts the barrier; ") +
          (warps ? "or let the warps that come meet, `T.sync_threads(barrier_id, arrive_count)`"
                 : "or let the lanes that come meet, `T.sync_warp(mask)`"))
      .At(ir::ToLocation(b.span))
      .Throw();
}

void RegionSync::ThrowForSides(const Conflict& conflict) const {
  const SyncAccess &a = *conflict.before, &b = *conflict.now;
  const ir::Span& branch = places_.back().branch->span;
  std::string got = "one on each side of the branch";
  if (branch.defined()) got += " in " + LineOf(branch);
  support::UserError("DivergentAccessError")
      .Message("`" + std::string(a.buffer->name) + "` is " + Done(a) + " and " + Done(b) +
               " by other threads, and neither comes first")
      .Expected("a barrier between the two, to which all threads of the block come")
      .Got(got + ", which threads run at the same time")
      .Remedy(
          "make two branches of it, `if c:` and then `if not c:`, between which the compiler "
          "puts the barrier; or order the two sides yourself, by "
          "`T.sync_threads(barrier_id, arrive_count)` on both")
      .At(ir::ToLocation(b.span))
      .Throw();
}

// A conflict without a barrier: a mistake, or a warning.
void RegionSync::Reject(const Conflict& conflict) {
  if (IsCertain(conflict)) Throw(conflict);
  Note(conflict);
}

void RegionSync::Note(const Conflict& conflict) {
  const SyncAccess &a = *conflict.before, &b = *conflict.now;
  if (!HaveLines(a, b)) return;
  notes_.insert({b.span->line, "`" + std::string(a.buffer->name) + "`, " + Done(a) + " and " +
                                   Done(b) +
                                   ", may be one element for two threads: no barrier is put "
                                   "between them where not all threads come"});
}

// That of the warps that come as a whole: each set of warps has a barrier of its own, as they may
// be at theirs at the same time.
std::optional<ffi::Array<ffi::Any>> RegionSync::BlockBarrier() {
  auto warps = Here().WholeWarps();
  if (!warps) return std::nullopt;
  const auto count = static_cast<int64_t>(warps->size()) * lower::cuda::kWarpSize;
  if (count == context_.threads) return ffi::Array<ffi::Any>();
  auto known = barriers_.find(*warps);
  if (known == barriers_.end()) {
    if (free_.empty()) return std::nullopt;
    known = barriers_.emplace(*warps, free_.front()).first;
    free_.erase(free_.begin());
  }
  const ir::DType i32 = ir::dtype::Int(32);
  return ffi::Array<ffi::Any>({ir::MakeInt(i32, known->second), ir::MakeInt(i32, count)});
}

ffi::Array<ir::Stmt> RegionSync::Between(const Pending& now, SyncState* state,
                                         const ir::Span& span) {
  std::vector<Conflict> of_warp, of_block;
  for (const SyncAccess& a : state->pending) {
    for (const SyncAccess& b : now) {
      const Meeting needed = Needed(a, b);
      if (needed == Meeting::kBlock) of_block.push_back({&a, &b, needed});
      if (needed != Meeting::kNobody && !a.warps_met) of_warp.push_back({&a, &b, needed});
    }
  }
  if (!of_block.empty()) {
    if (auto args = BlockBarrier()) {
      state->pending.clear();
      return {Call("sync_threads", *args, span)};
    }
    for (const Conflict& conflict : of_block) Reject(conflict);
  }
  if (of_warp.empty()) return {};
  if (auto args = Here().WarpMask()) {
    state->MeetInWarps();
    return {Call("sync_warp", *args, span)};
  }
  for (const Conflict& conflict : of_warp) {
    if (conflict.meeting == Meeting::kWarp) Reject(conflict);
  }
  return {};
}

void RegionSync::CheckSides(const ir::Stmt& branch, const Pending& one, const Pending& other) {
  Enter(Here(), branch);
  const bool ordered = places_.back().has_other_means || HasMeetings(branch);
  for (const SyncAccess& a : one) {
    for (const SyncAccess& b : other) {
      const Conflict conflict = {&a, &b, ordered ? Meeting::kNobody : Needed(a, b)};
      if (conflict.meeting == Meeting::kNobody) continue;
      // Where data decides who takes which side, it may keep the two apart.
      const bool by_data = a.guarded || b.guarded;
      if (!by_data && IsCertain(conflict)) ThrowForSides(conflict);
      Note(conflict);
    }
  }
  Leave();
}

std::vector<std::string> RegionSync::Notes() const {
  std::vector<std::string> notes;
  for (const auto& [line, text] : notes_) notes.push_back(text);
  return notes;
}

}  // namespace tilescale::pass
