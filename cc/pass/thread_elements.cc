#include "cc/pass/thread_elements.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>
#include <cstdlib>

#include "cc/lower/cuda/context.h"
#include "cc/pass/enumerate_elements.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

bool SameExprs(const std::vector<ir::Expr>& a, const std::vector<ir::Expr>& b) {
  auto equal = [](const ir::Expr& x, const ir::Expr& y) {
    return x.same_as(y) || ffi::StructuralEqual::Equal(x, y);
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

ir::Expr Warp(const ir::Var& thread) {
  return ir::FloorDiv(thread, ir::MakeInt(thread.dtype(), lower::cuda::kWarpSize));
}

ir::Expr Apart(const ir::Expr& low, int64_t count, const ir::Expr& other, int64_t other_count) {
  if (count == 1 && other_count == 1) return ir::MakeNot(ir::Equal(low, other));
  return low + ir::MakeInt(low.dtype(), count) <= other ||
         other + ir::MakeInt(low.dtype(), other_count) <= low;
}

}  // namespace

void ThreadElements::Own(const ir::Var& var, arith::Analyzer* analyzer) {
  auto mentions = [&](const ir::Expr& e) { return Mentions(e, var.get()); };
  const bool mentioned = std::any_of(first.begin(), first.end(), mentions) ||
                         std::any_of(conditions.begin(), conditions.end(), mentions);
  auto known = [&](const OwnName& name) { return name.var.same_as(var); };
  if (!mentioned || std::any_of(own.begin(), own.end(), known)) return;
  own.push_back({var, analyzer->Bounds(var)});
}

void ThreadElements::Substitute(const ir::VarMap& map) {
  ir::VarMap outer = map;
  for (const OwnName& name : own) outer.erase(name.var.get());
  for (ir::Expr& e : first) e = ir::Substitute(e, outer);
  for (ir::Expr& e : conditions) e = ir::Substitute(e, outer);
}

bool Same(const ThreadElements& a, const ThreadElements& b) {
  auto equal = [](const OwnName& x, const OwnName& y) { return x.var.same_as(y.var); };
  return a.buffer == b.buffer && a.count == b.count && a.by_warp == b.by_warp &&
         SameExprs(a.first, b.first) && SameExprs(a.conditions, b.conditions) &&
         std::equal(a.own.begin(), a.own.end(), b.own.begin(), b.own.end(), equal);
}

ThreadMeetings::ThreadMeetings(ir::Var thread, int64_t threads, arith::Analyzer* analyzer)
    : thread_(thread),
      threads_(threads),
      analyzer_(analyzer),
      before_{ir::Var(thread->name, thread.dtype()), {}},
      now_{ir::Var(thread->name, thread.dtype()), {}} {}

// The usual case, without a proof: one index is the same function of the thread in both, it has a
// value of its own for each thread, and neighbours do not reach the next thread's.
bool ThreadMeetings::OneThreadPerElement(const ThreadElements& a, const ThreadElements& b) const {
  for (size_t i = 0; i < a.first.size(); ++i) {
    if (!SameExprs({a.first[i]}, {b.first[i]})) continue;
    auto owned = [&](const OwnName& name) { return Mentions(a.first[i], name.var.get()); };
    if (std::any_of(a.own.begin(), a.own.end(), owned)) continue;
    if (std::any_of(b.own.begin(), b.own.end(), owned)) continue;
    const int64_t reach = i + 1 == a.first.size() ? std::max(a.count, b.count) : 1;
    auto linear = AsLinear(a.first[i], thread_.get());
    if (linear && std::abs(linear->coefficient) >= reach) return true;
  }
  return false;
}

// Renames what the access does not share with others, and says what is known of it.
ir::VarMap ThreadMeetings::Enter(const ThreadElements& access, Side* side) {
  ir::VarMap map = {{thread_.get(), side->thread}};
  analyzer_->Bind(side->thread, {0, threads_ - 1});
  for (const OwnName& name : access.own) {
    ir::Var fresh(name.var->name, name.var.dtype());
    ir::Var renamed = side->names.emplace(name.var.get(), fresh).first->second;
    analyzer_->Bind(renamed, name.range);
    map.emplace(name.var.get(), renamed);
  }
  for (const ir::Expr& condition : access.conditions) {
    analyzer_->Assume(ir::Substitute(condition, map));
  }
  return map;
}

bool ThreadMeetings::MayMeet(const ThreadElements& a, const ThreadElements& b, Pairs pairs) {
  if (a.buffer != b.buffer || a.first.size() != b.first.size()) return true;
  // Any lane may be the one that touches the element.
  if (pairs == Pairs::kThreads && (a.by_warp || b.by_warp)) pairs = Pairs::kAny;
  if (pairs == Pairs::kWarps && threads_ <= lower::cuda::kWarpSize) return false;
  if (pairs != Pairs::kAny && OneThreadPerElement(a, b)) return false;
  if (auto meet = MeetByEnumeration(a, b, pairs, thread_, threads_)) return *meet;
  auto scope = analyzer_->Enter();
  const ir::VarMap before = Enter(a, &before_), now = Enter(b, &now_);
  ir::Expr apart = ir::MakeBool(false);
  if (pairs == Pairs::kThreads) apart = ir::Equal(before_.thread, now_.thread);
  if (pairs == Pairs::kWarps) apart = ir::Equal(Warp(before_.thread), Warp(now_.thread));
  for (size_t i = 0; i < a.first.size(); ++i) {
    const bool last = i + 1 == a.first.size();
    apart = apart || Apart(ir::Substitute(a.first[i], before), last ? a.count : 1,
                           ir::Substitute(b.first[i], now), last ? b.count : 1);
  }
  return !analyzer_->CanProve(apart);
}

}  // namespace tilescale::pass
