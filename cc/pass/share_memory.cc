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

// Counts statements; what is used in a loop lives as long as the outermost one. Copies in flight
// that no pipeline waits for keep their buffer to the end.
class LifetimeWalker final : public ir::Visitor {
 public:
  explicit LifetimeWalker(const ir::Stmt& body) : roots_(FindViewRoots(body)) { VisitStmt(body); }

  Lifetime Of(const ir::BufferObj* buffer) const {
    auto it = lifetimes_.find(buffer);
    if (it == lifetimes_.end()) return {};
    Lifetime life = it->second;
    if (unawaited_.count(buffer)) life.last = position_;
    return life;
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
    const bool declares = s.as<ir::AllocObj>() || s.as<ir::ViewObj>() || s.as<ir::AnnotateObj>();
    if (declares) return;
    const bool outermost = !inside_ && (s.as<ir::ForObj>() || s.as<ir::WhileObj>());
    if (!outermost) return VisitFields(s);
    inside_ = true;
    used_.clear();
    const int64_t start = position_;
    VisitFields(s);
    inside_ = false;
    for (const ir::BufferObj* buffer : used_) {
      Extend(buffer, start);
      Extend(buffer, position_);
    }
  }

 private:
  void Use(const ir::BufferObj* buffer) {
    Extend(buffer, position_);
    if (inside_) used_.insert(buffer);
  }
  void Extend(const ir::BufferObj* buffer, int64_t position) {
    Lifetime& life = lifetimes_[buffer];
    life.first = life.first < 0 ? position : std::min(life.first, position);
    life.last = std::max(life.last, position);
  }

  ViewRoots roots_;
  std::unordered_map<const ir::BufferObj*, Lifetime> lifetimes_;
  std::unordered_set<const ir::BufferObj*> used_, unawaited_;
  int64_t position_ = 0;
  bool inside_ = false;
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
