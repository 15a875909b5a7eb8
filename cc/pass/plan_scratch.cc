#include "cc/pass/plan_scratch.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "cc/ir/visitor.h"
#include "cc/pass/dynamic_allocation.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

struct Lifetime {
  ir::Buffer buffer;
  int64_t bytes;
  int64_t first;  // positions in the order of the program's text
  int64_t last;
  int depth;  // loops around the allocation
};

int64_t BytesOf(const ir::AllocObj* alloc) {
  int64_t elements = 1;
  for (const ir::Expr& extent : alloc->buffer->shape) {
    const int64_t* value = ir::AsConstInt(extent);
    if (!value) ThrowDynamicAllocation(alloc);
    elements *= std::max<int64_t>(*value, 0);
  }
  return (elements * ir::dtype::Bits(alloc->buffer->dtype) + 7) / 8;
}

// Numbers the mentions of buffers. A use inside a loop that does not contain the allocation counts
// for the whole loop.
class LifetimeFinder : public ir::Visitor {
 public:
  std::vector<Lifetime> lifetimes;

  void VisitStmt(const ir::Stmt& s) override {
    ++time_;
    if (const auto* alloc = s.as<ir::AllocObj>()) {
      Declare(alloc);
      VisitFields(s);
    } else if (const auto* view = s.as<ir::ViewObj>()) {
      sources_.emplace(view->buffer.get(), view->source.get());
    } else if (s.as<ir::ForObj>() || s.as<ir::WhileObj>()) {
      VisitLoop(s);
    } else {
      VisitFields(s);
    }
  }
  void VisitBuffer(const ir::Buffer& buffer) override {
    const ir::BufferObj* root = buffer.get();
    for (auto it = sources_.find(root); it != sources_.end(); it = sources_.find(root)) {
      root = it->second;
    }
    auto it = index_.find(root);
    if (it == index_.end()) return;
    lifetimes[it->second].last = time_;
    for (auto& used : used_in_loops_) used.push_back(it->second);
  }

 private:
  void Declare(const ir::AllocObj* alloc) {
    if (alloc->buffer.IsScope(ir::scope::kVar)) return;
    int64_t bytes = BytesOf(alloc);
    if (alloc->buffer.IsScope(ir::scope::kLocal) && bytes <= kMaxStackBytes) return;
    index_.emplace(alloc->buffer.get(), lifetimes.size());
    int depth = static_cast<int>(used_in_loops_.size());
    lifetimes.push_back({alloc->buffer, bytes, time_, time_, depth});
  }

  void VisitLoop(const ir::Stmt& s) {
    used_in_loops_.emplace_back();
    VisitFields(s);
    ++time_;
    std::vector<size_t> used = std::move(used_in_loops_.back());
    used_in_loops_.pop_back();
    for (size_t i : used) {
      bool outside = lifetimes[i].depth <= static_cast<int>(used_in_loops_.size());
      if (outside) lifetimes[i].last = time_;
    }
  }

  int64_t time_ = 0;
  std::unordered_map<const ir::BufferObj*, size_t> index_;
  std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> sources_;
  std::vector<std::vector<size_t>> used_in_loops_;
};

int64_t AlignUp(int64_t n) {
  return (n + kScratchAlignment - 1) / kScratchAlignment * kScratchAlignment;
}

bool Overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

// The lowest place that no buffer alive at the same time uses.
int64_t PlaceFor(const Lifetime& item, const std::vector<std::pair<Lifetime, int64_t>>& placed) {
  int64_t offset = 0;
  bool moved = true;
  while (moved) {
    moved = false;
    for (const auto& [other, start] : placed) {
      bool apart = offset + item.bytes <= start || start + other.bytes <= offset;
      if (apart || !Overlap(item, other)) continue;
      offset = AlignUp(start + other.bytes);
      moved = true;
    }
  }
  return offset;
}

using Offsets = std::unordered_map<const ir::BufferObj*, int64_t>;

ffi::Array<int64_t> InTextOrder(const ir::Stmt& body, const Offsets& offsets) {
  ffi::Array<int64_t> list;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    const auto* alloc = s.as<ir::AllocObj>();
    if (!alloc) return;
    auto it = offsets.find(alloc->buffer.get());
    list.push_back(it == offsets.end() ? -1 : it->second);
  });
  return list;
}

}  // namespace

ir::PrimFunc PlanScratch(const ir::PrimFunc& func, const lower::Context&) {
  LifetimeFinder finder;
  finder.VisitStmt(func->body);
  std::vector<Lifetime> items = finder.lifetimes;
  std::stable_sort(items.begin(), items.end(),
                   [](const Lifetime& a, const Lifetime& b) { return a.bytes > b.bytes; });
  std::vector<std::pair<Lifetime, int64_t>> placed;
  Offsets offsets;
  int64_t total = 0;
  for (const Lifetime& item : items) {
    int64_t offset = PlaceFor(item, placed);
    placed.emplace_back(item, offset);
    offsets.emplace(item.buffer.get(), offset);
    total = std::max(total, AlignUp(offset + item.bytes));
  }
  ir::AttrMap attrs = func->attrs;
  attrs.Set("scratch_offsets", InTextOrder(func->body, offsets));
  attrs.Set("scratch_bytes", total);
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles, func->body, attrs,
                      func->span);
}

}  // namespace tilescale::pass
