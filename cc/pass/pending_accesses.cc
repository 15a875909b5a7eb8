#include "cc/pass/pending_accesses.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>
#include <unordered_set>

#include "cc/ir/visitor.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

bool SameExpr(const ir::Expr& a, const ir::Expr& b) {
  return a.same_as(b) || ffi::StructuralEqual::Equal(a, b);
}

bool SameLimit(const std::optional<ir::Expr>& a, const std::optional<ir::Expr>& b) {
  if (!a || !b) return !a && !b;
  return SameExpr(*a, *b);
}

bool SameThreads(const SyncAccess& a, const SyncAccess& b) {
  if (a.who != b.who || a.who == Who::kAny) return false;
  return a.key == b.key;
}

bool Apart(const SyncAccess& a, const SyncAccess& b, arith::Analyzer* analyzer) {
  if (a.where.size() != b.where.size()) return false;
  for (size_t i = 0; i < a.where.size(); ++i) {
    const Span1& x = a.where[i];
    const Span1& y = b.where[i];
    if (!x.low || !x.high || !y.low || !y.high || SameLimit(x.low, y.low)) continue;
    bool points = SameLimit(x.low, x.high) && SameLimit(y.low, y.high);
    if (points && analyzer->CanProve(ir::MakeNot(ir::Equal(*x.low, *y.low)))) return true;
    if (points) continue;
    if (analyzer->CanProve(*x.high < *y.low) || analyzer->CanProve(*y.high < *x.low)) return true;
  }
  return false;
}

}  // namespace

bool Same(const SyncAccess& a, const SyncAccess& b) {
  bool same = a.buffer == b.buffer && a.write == b.write && a.atomic == b.atomic &&
              a.arrival == b.arrival && a.who == b.who && a.key == b.key &&
              a.where.size() == b.where.size() && a.warps_met == b.warps_met &&
              a.doubtful == b.doubtful && a.groups == b.groups &&
              a.by_thread.has_value() == b.by_thread.has_value() &&
              (!a.by_thread || Same(*a.by_thread, *b.by_thread)) &&
              std::equal(a.when.begin(), a.when.end(), b.when.begin(), b.when.end(), SameExpr);
  for (size_t i = 0; same && i < a.where.size(); ++i) {
    same = SameLimit(a.where[i].low, b.where[i].low) && SameLimit(a.where[i].high, b.where[i].high);
  }
  return same;
}

namespace {

Meeting NeededEver(const SyncAccess& a, const SyncAccess& b, ThreadMeetings* threads,
                   arith::Analyzer* analyzer) {
  if (!(a.write || b.write)) return Meeting::kNobody;
  if (a.buffer != b.buffer) {
    return a.place >= 0 && a.place == b.place ? Meeting::kBlock : Meeting::kNobody;
  }
  if ((a.atomic && b.atomic) || SameThreads(a, b) || Apart(a, b, analyzer)) {
    return Meeting::kNobody;
  }
  if (!a.by_thread || !b.by_thread) return Meeting::kBlock;
  auto may_meet = [&](Pairs pairs) { return threads->MayMeet(*a.by_thread, *b.by_thread, pairs); };
  if (!a.warps_met && !may_meet(Pairs::kThreads)) return Meeting::kNobody;
  if (may_meet(Pairs::kWarps)) return Meeting::kBlock;
  return a.warps_met ? Meeting::kNobody : Meeting::kWarp;
}

bool OvertakesEver(const SyncAccess& now, const SyncAccess& flying, ThreadMeetings* threads,
                   arith::Analyzer* analyzer) {
  if (!(flying.write || now.write)) return false;
  if (flying.buffer != now.buffer) return flying.place >= 0 && flying.place == now.place;
  if (Apart(flying, now, analyzer)) return false;
  if (!flying.by_thread || !now.by_thread) return true;
  return threads->MayMeet(*flying.by_thread, *now.by_thread, Pairs::kAny);
}

arith::Analyzer::Scope While(const std::vector<ir::Expr>& facts, arith::Analyzer* analyzer) {
  auto scope = analyzer->Enter();
  for (const ir::Expr& fact : facts) analyzer->Assume(fact);
  return scope;
}

}  // namespace

Meeting Needed(const SyncAccess& a, const SyncAccess& b, ThreadMeetings* threads,
               arith::Analyzer* analyzer) {
  const Meeting ever = NeededEver(a, b, threads, analyzer);
  if (ever == Meeting::kNobody || a.when.empty()) return ever;
  auto scope = While(a.when, analyzer);
  return NeededEver(a, b, threads, analyzer);
}

bool Overtakes(const SyncAccess& now, const SyncAccess& flying, ThreadMeetings* threads,
               arith::Analyzer* analyzer) {
  const bool ever = OvertakesEver(now, flying, threads, analyzer);
  if (!ever || flying.when.empty()) return ever;
  auto scope = While(flying.when, analyzer);
  return OvertakesEver(now, flying, threads, analyzer);
}

void Join(Pending* to, const Pending& from) {
  for (const SyncAccess& access : from) {
    bool known = false;
    for (const SyncAccess& old : *to) known = known || Same(old, access);
    if (!known) to->push_back(access);
  }
}

void SyncState::Merge(const SyncState& other) {
  Join(&pending, other.pending);
  Join(&flying, other.flying);
}

void SyncState::Add(const Pending& now) {
  for (const SyncAccess& access : now) {
    if (access.arrival == SyncAccess::Arrival::kWithWait) continue;
    Join(access.arrival == SyncAccess::Arrival::kNow ? &pending : &flying, {access});
  }
}

void SyncState::Land(int64_t groups) {
  Pending rest;
  for (SyncAccess access : flying) {
    const bool arrived = access.groups > groups;
    if (arrived) access.arrival = SyncAccess::Arrival::kNow;
    if (arrived) access.groups = 0;
    Join(arrived ? &pending : &rest, {access});
  }
  flying = std::move(rest);
}

void SyncState::EndGroup(int64_t most) {
  Pending ended;
  for (SyncAccess access : flying) {
    access.groups = std::min(access.groups + 1, most);
    Join(&ended, {access});
  }
  flying = std::move(ended);
}

void SyncState::MeetInWarps() {
  Pending met;
  for (SyncAccess access : pending) {
    access.warps_met = true;
    Join(&met, {access});
  }
  pending = std::move(met);
}

void Doubt(Pending* pending, const Pending& known) {
  Pending result;
  for (SyncAccess access : *pending) {
    auto same = [&](const SyncAccess& other) { return Same(access, other); };
    access.doubtful = access.doubtful || std::none_of(known.begin(), known.end(), same);
    Join(&result, {access});
  }
  *pending = std::move(result);
}

void ForgetWhen(Pending* pending, const Names& names) {
  for (SyncAccess& access : *pending) {
    auto ends = [&](const ir::Expr& fact) {
      return std::any_of(names.begin(), names.end(),
                         [&](const ir::Var& name) { return Mentions(fact, name.get()); });
    };
    auto& facts = access.when;
    facts.erase(std::remove_if(facts.begin(), facts.end(), ends), facts.end());
  }
}

void KnowWhen(Pending* pending, const ir::Var& name, const ir::Expr& fact) {
  auto mentions = [&](const ir::Expr& e) { return Mentions(e, name.get()); };
  for (SyncAccess& access : *pending) {
    bool depends = access.by_thread && std::any_of(access.by_thread->first.begin(),
                                                   access.by_thread->first.end(), mentions);
    for (const Span1& span : access.where) {
      depends = depends || (span.low && mentions(*span.low));
      depends = depends || (span.high && mentions(*span.high));
    }
    auto same = [&](const ir::Expr& known) { return SameExpr(known, fact); };
    if (depends && std::none_of(access.when.begin(), access.when.end(), same)) {
      access.when.push_back(fact);
    }
  }
}

void Forget(Pending* pending, const Names& names, arith::Analyzer* analyzer) {
  if (pending->empty()) return;
  ForgetWhen(pending, names);
  std::unordered_set<const ffi::Object*> ended;
  for (const ir::Var& name : names) ended.insert(name.get());
  for (SyncAccess& access : *pending) {
    for (Span1& span : access.where) {
      bool mentions = false;
      auto look = [&](const ir::Expr& e) { mentions = mentions || ended.count(e.get()) > 0; };
      if (span.low) ir::ForEachExpr(*span.low, look);
      if (span.high) ir::ForEachExpr(*span.high, look);
      if (mentions) span = {};
    }
  }
  for (SyncAccess& access : *pending) {
    if (!access.by_thread) continue;
    ThreadElements& elements = *access.by_thread;
    for (const ir::Var& name : names) elements.Own(name, analyzer);
  }
}

void Substitute(Pending* pending, const ir::VarMap& values) {
  for (SyncAccess& access : *pending) {
    if (access.by_thread) access.by_thread->Substitute(values);
    for (Span1& span : access.where) {
      if (span.low) span.low = ir::Substitute(*span.low, values);
      if (span.high) span.high = ir::Substitute(*span.high, values);
    }
  }
}

}  // namespace tilescale::pass
