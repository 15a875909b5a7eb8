#include "cc/pass/share_memory.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "cc/ir/visitor.h"
#include "cc/machine/shared_memory.h"
#include "cc/pass/dependence.h"
#include "cc/pass/shared_sizes.h"

namespace tilescale::pass {
namespace {

// The positions of a buffer's first and last use in the text of the kernel.
struct Lifetime {
  int64_t first = -1;
  int64_t last = -1;
};

// Counts statements; what is used in a loop lives as long as the outermost one in which it is not
// declared anew. Copies in flight that no pipeline waits for keep their buffer to the end.
class LifetimeWalker final : public ir::Visitor {
 public:
  explicit LifetimeWalker(const ir::Stmt& body) : roots_(FindViewRoots(body)) { VisitStmt(body); }

  Lifetime Of(const ir::BufferObj* buffer) const {
    auto it = lifetimes_.find(buffer);
    if (it == lifetimes_.end()) return {};
    return unawaited_.count(buffer) ? Lifetime{0, position_} : it->second;
  }

  void VisitBuffer(const ir::Buffer& buffer) override {
    auto view = roots_.find(buffer.get());
    Use(view == roots_.end() ? buffer.get() : view->second.get());
  }

  void VisitExpr(const ir::Expr& e) override {
    const auto* call = e.as<ir::CallObj>();
    if (call && call->op == "cuda.copy_async" && call->attrs.count("pipeline") == 0) {
      const auto* to = call->args[0].as<ir::AddressOfObj>();
      if (to) unawaited_.insert(to->buffer.get());
    }
    VisitFields(e);
  }

  void VisitStmt(const ir::Stmt& s) override {
    ++position_;
    if (const auto* alloc = s.as<ir::AllocObj>()) loops_around_[alloc->buffer.get()] = used_.size();
    const bool declares = s.as<ir::AllocObj>() || s.as<ir::ViewObj>() || s.as<ir::AnnotateObj>();
    if (declares) return;
    const bool loop = s.as<ir::ForObj>() || s.as<ir::WhileObj>();
    if (!loop) return VisitFields(s);
    used_.emplace_back();
    const int64_t start = position_;
    VisitFields(s);
    const std::unordered_set<const ir::BufferObj*> used = std::move(used_.back());
    used_.pop_back();
    for (const ir::BufferObj* buffer : used) {
      Extend(buffer, start);
      Extend(buffer, position_);
    }
  }

 private:
  void Use(const ir::BufferObj* buffer) {
    Extend(buffer, position_);
    // Its contents go round with all loops behind its declaration.
    auto declared = loops_around_.find(buffer);
    const size_t outer = declared == loops_around_.end() ? 0 : declared->second;
    for (size_t i = outer; i < used_.size(); ++i) used_[i].insert(buffer);
  }
  void Extend(const ir::BufferObj* buffer, int64_t position) {
    Lifetime& life = lifetimes_[buffer];
    life.first = life.first < 0 ? position : std::min(life.first, position);
    life.last = std::max(life.last, position);
  }

  ViewRoots roots_;
  std::unordered_map<const ir::BufferObj*, Lifetime> lifetimes_;
  std::unordered_set<const ir::BufferObj*> unawaited_;
  // By loop around the present place, outermost first: what it carries from round to round.
  std::vector<std::unordered_set<const ir::BufferObj*>> used_;
  std::unordered_map<const ir::BufferObj*, size_t> loops_around_;
  int64_t position_ = 0;
};

bool Apart(const Lifetime& a, const Lifetime& b) { return a.last < b.first || b.last < a.first; }

// The largest buffers first, each into the first place where it is alone at its time.
std::vector<int64_t> ChoosePlaces(const std::vector<const ir::AllocObj*>& allocs,
                                  const std::vector<Lifetime>& lives) {
  std::vector<size_t> order(allocs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return SharedBytes(allocs[a]) > SharedBytes(allocs[b]);
  });
  std::vector<std::vector<size_t>> members;
  std::vector<int64_t> places(allocs.size(), 0);
  for (size_t i : order) {
    size_t place = 0;
    for (; place < members.size(); ++place) {
      bool alone = true;
      for (size_t other : members[place]) alone = alone && Apart(lives[i], lives[other]);
      if (alone) break;
    }
    if (place == members.size()) members.emplace_back();
    members[place].push_back(i);
    places[i] = static_cast<int64_t>(place);
  }
  return places;
}

}  // namespace

ir::PrimFunc ShareMemory(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  if (!context.reuse_shared) return func;
  std::vector<const ir::AllocObj*> allocs = SharedAllocs(func->body);
  const int64_t alone = TotalBytes(allocs, SharedPlaces(func, allocs.size()));
  if (alone <= machine::SharedMemoryLimit(context.arch)) return func;
  LifetimeWalker walker(func->body);
  std::vector<Lifetime> lives;
  for (const ir::AllocObj* alloc : allocs) lives.push_back(walker.Of(alloc->buffer.get()));
  std::vector<int64_t> places = ChoosePlaces(allocs, lives);
  ir::AttrMap attrs = func->attrs;
  attrs.Set(kSharedPlaces, ffi::Array<int64_t>(places.begin(), places.end()));
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles, func->body, attrs,
                      func->span);
}

}  // namespace tilescale::pass
