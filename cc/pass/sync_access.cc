#include "cc/pass/sync_access.h"

#include <tvm/ffi/cast.h>

#include <algorithm>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/printer.h"
#include "cc/ir/visitor.h"
#include "cc/layout/fragment_map.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/collect_accesses.h"
#include "cc/pass/exact.h"
#include "cc/pass/linear.h"
#include "cc/pass/shared_sizes.h"
#include "cc/pass/vector_access.h"

namespace tilescale::pass {
namespace {

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

// How the points of a loop are dealt to threads, as text; two loops with equal texts deal alike.
std::string DealText(const ir::ParallelObj* box) {
  std::string text;
  for (const ir::Expr& extent : box->extents) {
    if (!ir::IsConstInt(extent, 1)) text += ir::Print(extent) + ",";
  }
  return text + ir::Print(box->attrs.at("loop_layout"));
}

// Whether it is decided who runs each point, and that nobody else does.
bool HasOneThreadPerPoint(const ir::ParallelObj* box) {
  auto it = box->attrs.find("loop_layout");
  auto fragment = it == box->attrs.end() ? std::optional<layout::Fragment>()
                                         : (*it).second.as<layout::Fragment>();
  return fragment && layout::ReplicaDigits(*fragment).empty();
}

// Whether each point of the box accesses an element of its own, at plain indices.
std::optional<std::string> DealtKey(const ir::ParallelObj* box, const ffi::Array<ir::Expr>& indices,
                                    const ir::VarMap& values) {
  if (!HasOneThreadPerPoint(box)) return std::nullopt;
  std::vector<bool> used(box->vars.size(), false);
  std::vector<int> number(box->vars.size(), -1);
  int count = 0;
  for (size_t i = 0; i < box->extents.size(); ++i) {
    // A dimension of extent 1 is always 0, and moves no thread.
    used[i] = ir::IsConstInt(box->extents[i], 1);
    if (!used[i]) number[i] = count++;
  }
  std::string key = DealText(box);
  for (const ir::Expr& index : indices) {
    size_t d = 0;
    while (d < box->vars.size() && !index.same_as(box->vars[d])) ++d;
    if (d < box->vars.size()) {
      used[d] = true;
      key += number[d] < 0 ? ";0" : ";#" + std::to_string(number[d]);
      continue;
    }
    for (const ir::Var& var : box->vars) {
      if (Mentions(index, var.get())) return std::nullopt;
    }
    if (!ir::AsConstInt(index)) return std::nullopt;
    key += ";" + ir::Print(ir::Substitute(index, values));
  }
  for (bool u : used) {
    if (!u) return std::nullopt;
  }
  return key;
}

// Collects the accesses below a statement. Names that the statement declares are not those of the
// block: limits are widened over all their values, or forgotten.
class AccessWalker : public ir::Visitor {
 public:
  AccessWalker(const SyncAccesses* self, const Divergence& divergence, const ir::ParallelObj* box,
               Who who, const ir::VarMap& values, const std::vector<ir::Expr>& conditions)
      : self_(self),
        divergence_(divergence),
        box_(box),
        who_(who),
        values_(values),
        conditions_(conditions) {}

  Pending found;

  void VisitExpr(const ir::Expr& e) override {
    if (const auto* load = e.as<ir::LoadObj>()) {
      Add(load->buffer, load->indices, ir::MemoryUse::kRead, 1);
    }
    if (const auto* call = e.as<ir::CallObj>()) VisitCall(call);
    VisitFields(e);
  }

  void VisitStmt(const ir::Stmt& s) override {
    const ir::Span outer = span_;
    if (s->span.defined()) span_ = s->span;
    const auto* loop = s.as<ir::ForObj>();
    const bool doubt = s.as<ir::WhileObj>() || (loop && !ir::AsConstInt(loop->extent));
    doubts_ += doubt;
    VisitKind(s);
    doubts_ -= doubt;
    span_ = outer;
  }

 private:
  void VisitKind(const ir::Stmt& s) {
    if (const auto* store = s.as<ir::StoreObj>()) {
      Add(store->buffer, store->indices, ir::MemoryUse::kWrite, 1);
    }
    if (const auto* bind = s.as<ir::BindObj>()) {
      if (ReadsMemory(bind->value)) {
        inner_.insert(bind->var.get());
      } else {
        names_.emplace(bind->var.get(), ir::Substitute(bind->value, names_));
      }
    }
    if (const auto* box = s.as<ir::ParallelObj>()) {
      for (size_t i = 0; i < box->vars.size(); ++i) Enter(box->vars[i], box->extents[i]);
    }
    if (const auto* loop = s.as<ir::ForObj>()) {
      bool counts = ir::IsConstInt(loop->min, 0) && ir::IsConstInt(loop->step, 1);
      counts ? Enter(loop->var, loop->extent) : (void)inner_.insert(loop->var.get());
    }
    if (const auto* branch = s.as<ir::IfObj>()) return VisitBranches(branch);
    VisitFields(s);
  }

  void VisitBranches(const ir::IfObj* branch) {
    VisitExpr(branch->cond);
    const bool stays = !ReadsMemory(branch->cond);
    if (stays) conditions_.push_back(Resolve(branch->cond));
    const bool doubt = !stays || !IsOf(conditions_.back(), self_->thread());
    doubts_ += doubt;
    VisitStmt(branch->then_body);
    if (stays) conditions_.back() = ir::MakeNot(conditions_.back());
    if (branch->else_body.has_value()) VisitStmt(branch->else_body.value());
    if (stays) conditions_.pop_back();
    doubts_ -= doubt;
  }

  void Enter(const ir::Var& var, const ir::Expr& extent) {
    inner_.insert(var.get());
    const int64_t* count = ir::AsConstInt(extent);
    if (count && *count > 0) ranges_.push_back({var, *count});
  }

  void VisitCall(const ir::CallObj* call) {
    const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
    auto bytes = call->attrs.find("bytes");
    if (decl &&
        std::count(decl->memory.begin(), decl->memory.end(), ir::MemoryUse::kAsyncWrite) > 0) {
      arrival_ = call->attrs.count("pipeline") > 0 ? SyncAccess::Arrival::kWithWait
                                                   : SyncAccess::Arrival::kBeforeWait;
    }
    for (size_t i = 0; i < call->args.size(); ++i) {
      const auto* address = call->args[i].as<ir::AddressOfObj>();
      if (!address) continue;
      ir::MemoryUse use = decl ? decl->Use(i) : ir::MemoryUse::kReadWrite;
      int64_t elements = use == ir::MemoryUse::kAtomic ? 1 : 0;
      if (bytes != call->attrs.end()) {
        elements = (*bytes).second.cast<int64_t>() * 8 / address->buffer->dtype.bits;
      }
      // What a warp does together is not one thread's; elements of a foreign function are unknown.
      collective_ = !decl || decl->executors == ir::Executors::kAll;
      Add(address->buffer, address->indices, use, elements);
    }
    arrival_ = SyncAccess::Arrival::kNow;
    collective_ = false;
  }

  // `elements` neighbours from the indices on; 0: anywhere in the buffer.
  void Add(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices, ir::MemoryUse use,
           int64_t elements) {
    SyncAccess access;
    access.buffer = self_->Root(buffer.get());
    // A fragment in shared memory may have views, which are still called fragments.
    if (!IsVisible(ffi::GetRef<ir::Buffer>(access.buffer)) || use == ir::MemoryUse::kNone) return;
    access.place = self_->PlaceOf(access.buffer);
    access.span = span_;
    access.guarded = self_->IsGuarded();
    access.doubtful = doubts_ > 0;
    access.write = use != ir::MemoryUse::kRead;
    access.atomic = use == ir::MemoryUse::kAtomic;
    // The source of a copy in flight is still to be read, too.
    const bool flies = arrival_ == SyncAccess::Arrival::kBeforeWait;
    if (flies || use == ir::MemoryUse::kAsyncWrite) access.arrival = arrival_;
    access.who = who_;
    // Parts of a buffer under another shape are not compared. Changing half a byte may touch the
    // word around it.
    bool whole = access.buffer != buffer.get() || elements == 0 || IsPacked(buffer->dtype);
    if (box_ && who_ == Who::kDealt) {
      auto key = whole ? std::nullopt : DealtKey(box_, indices, values_);
      access.who = key ? Who::kDealt : Who::kAny;
      if (key) access.key = *key;
    }
    for (size_t i = 0; i < indices.size() && !whole; ++i) {
      access.where.push_back(Limits(indices[i], i + 1 == indices.size() ? elements : 1));
    }
    if (elements > 0 && !box_) {
      access.by_thread = ByThread(buffer.get(), indices, elements);
      if (access.by_thread) access.by_thread->by_warp = collective_;
    }
    Join(&found, {access});
  }

  std::optional<ThreadElements> ByThread(const ir::BufferObj* buffer,
                                         const ffi::Array<ir::Expr>& indices, int64_t count) const {
    ThreadElements elements;
    elements.buffer = buffer;
    elements.count = count;
    for (const ir::Expr& index : indices) elements.first.push_back(Exact64(Resolve(index)));
    elements.conditions = conditions_;
    const ir::Var& thread = self_->thread();
    if (who_ == Who::kFirst) {
      elements.conditions.push_back(ir::Equal(thread, ir::MakeInt(thread.dtype(), 0)));
    }
    std::unordered_set<const ffi::Object*> seen = {thread.get()};
    bool known = true;
    auto look = [&](const ir::Expr& e) {
      const auto* var = e.as<ir::VarObj>();
      if (!var || !seen.insert(var).second) return;
      if (!inner_.count(var) && !divergence_.IsDivergent(e) && !self_->IsNamed(var)) return;
      known = known && ir::dtype::IsInt(e.dtype());
      elements.own.push_back({ffi::GetRef<ir::Var>(var), RangeOf(var)});
    };
    for (const ir::Expr& e : elements.first) ir::ForEachExpr(e, look);
    for (const ir::Expr& e : elements.conditions) ir::ForEachExpr(e, look);
    return known ? std::optional(elements) : std::nullopt;
  }

  arith::Interval RangeOf(const ir::VarObj* name) const {
    for (const auto& [var, extent] : ranges_) {
      if (var.get() == name) return {0, extent - 1};
    }
    return arith::Interval::Of(name->dtype);
  }

  // In terms of names that do not change while the statement runs.
  ir::Expr Resolve(const ir::Expr& e) const {
    return ir::Substitute(ir::Substitute(self_->Named(e), names_), values_);
  }

  Span1 Limits(const ir::Expr& index, int64_t count) const {
    ir::Expr low = ir::Substitute(ir::Substitute(index, names_), values_);
    int64_t reach = count - 1;
    for (const auto& [var, extent] : ranges_) {
      auto linear = AsLinear(low, var.get());
      if (!linear || linear->coefficient < 0) continue;
      low = linear->rest;
      reach += linear->coefficient * (extent - 1);
    }
    bool foreign = ReadsMemory(low) || divergence_.IsDivergent(low);
    ir::ForEachExpr(low, [&](const ir::Expr& e) { foreign = foreign || inner_.count(e.get()); });
    if (foreign) return {};
    low = Exact64(low);
    return {low, reach == 0 ? low : low + ir::MakeInt(low.dtype(), reach)};
  }

  const SyncAccesses* self_;
  const Divergence& divergence_;
  const ir::ParallelObj* box_;
  Who who_;
  const ir::VarMap& values_;
  ir::VarMap names_;
  std::vector<ir::Expr> conditions_;
  ir::Span span_;
  int doubts_ = 0;
  SyncAccess::Arrival arrival_ = SyncAccess::Arrival::kNow;
  bool collective_ = false;
  std::vector<std::pair<ir::Var, int64_t>> ranges_;
  std::unordered_set<const ffi::Object*> inner_;
};

}  // namespace

SyncAccesses::SyncAccesses(const ir::PrimFunc& func, const Divergence& divergence,
                           const lower::cuda::Context& context)
    : divergence_(divergence), thread_(context.thread) {
  if (func->attrs.count(kSharedPlaces)) {
    std::vector<const ir::AllocObj*> allocs = SharedAllocs(func->body);
    std::vector<int64_t> places = SharedPlaces(func, allocs.size());
    for (size_t i = 0; i < allocs.size(); ++i) places_[allocs[i]->buffer.get()] = places[i];
  }
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const auto* view = s.as<ir::ViewObj>();
    if (view) roots_.emplace(view->buffer.get(), view->source.get());
  });
}

const ir::BufferObj* SyncAccesses::Root(const ir::BufferObj* buffer) const {
  for (auto it = roots_.find(buffer); it != roots_.end(); it = roots_.find(buffer)) {
    buffer = it->second;
  }
  return buffer;
}

int64_t SyncAccesses::PlaceOf(const ir::BufferObj* buffer) const {
  auto it = places_.find(buffer);
  return it == places_.end() ? -1 : it->second;
}

ir::Var SyncAccesses::NameOf(const ir::Expr& e) const {
  auto it = named_.find(e.get());
  if (it == named_.end()) it = named_.emplace(e.get(), ir::Var("value", e.dtype())).first;
  names_.insert(it->second.get());
  return it->second;
}

void SyncAccesses::Bind(const ir::BindObj* bind) {
  if (ReadsMemory(bind->value)) return;
  values_.insert_or_assign(bind->var.get(), ir::Substitute(bind->value, values_));
}

void SyncAccesses::Enter(const std::optional<ir::Expr>& cond) {
  const bool stays = cond && !ReadsMemory(*cond);
  const ir::Expr known = stays ? Resolve(Named(*cond)) : ir::MakeBool(true);
  guarded_.push_back((!guarded_.empty() && guarded_.back()) || !stays || !IsOf(known, thread_));
  conditions_.push_back(known);
}

void SyncAccesses::Leave() {
  conditions_.pop_back();
  guarded_.pop_back();
}

ir::Expr SyncAccesses::Named(const ir::Expr& e) const {
  struct Namer : ir::Mutator {
    const SyncAccesses* self;
    ir::Expr MutateExpr(const ir::Expr& x) override {
      if (x.as<ir::LoadObj>() || x.as<ir::CallObj>()) return self->NameOf(x);
      return DefaultExpr(x);
    }
  } namer;
  namer.self = this;
  return namer.MutateExpr(e);
}

Pending SyncAccesses::Collect(const ffi::Any& root, const ir::ParallelObj* box, Who who) const {
  // Each thread carries out by itself what is not all threads'.
  if (!conditions_.empty()) who = Who::kAny;
  AccessWalker walker(this, divergence_, box, who, values_, conditions_);
  walker.Visit(root);
  return walker.found;
}

Pending SyncAccesses::OfExprs(const ffi::Array<ir::Expr>& exprs) const {
  return Collect(exprs, nullptr, Who::kAny);
}

Pending SyncAccesses::OfStmt(const ir::Stmt& s) const {
  const auto* box = s.as<ir::ParallelObj>();
  if (box) return Collect(s, box, Who::kDealt);
  const auto* store = s.as<ir::StoreObj>();
  bool first = store && IsVisible(store->buffer);
  if (const auto* effect = s.as<ir::EvaluateObj>()) {
    const auto* call = effect->value.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    first = !decl || decl->executors == ir::Executors::kOne;
    // The user names the warp whose first thread prints.
    first = first && !(call && call->attrs.count("warp"));
  }
  return Collect(s, nullptr, first ? Who::kFirst : Who::kAny);
}

Pending SyncAccesses::Completed(const ir::CallObj* wait) const {
  Pending completed;
  auto it = wait->attrs.find("completes");
  if (it == wait->attrs.end()) return completed;
  for (const ir::Region& region : (*it).second.cast<ffi::Array<ir::Region>>()) {
    SyncAccess access;
    access.buffer = Root(region->buffer.get());
    access.place = PlaceOf(access.buffer);
    access.write = true;
    for (size_t i = 0; i < region->mins.size(); ++i) {
      ir::Expr low = Exact64(ir::Substitute(region->mins[i], values_));
      ir::Expr extent = Exact64(region->extents[i]);
      ir::Expr high = ir::IsConstInt(extent, 1) ? low : low + extent - 1;
      access.where.push_back({low, high});
    }
    completed.push_back(std::move(access));
  }
  return completed;
}

Names DeclaredIn(const ir::Stmt& body) {
  Names names;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    if (const auto* bind = s.as<ir::BindObj>()) names.push_back(bind->var);
    if (const auto* loop = s.as<ir::ForObj>()) names.push_back(loop->var);
  });
  return names;
}

}  // namespace tilescale::pass
