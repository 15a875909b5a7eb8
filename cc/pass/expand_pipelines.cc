#include "cc/pass/expand_pipelines.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/schedule.h"
#include "cc/ir/visitor.h"
#include "cc/op/copy.h"
#include "cc/pass/collect_accesses.h"
#include "cc/pass/fresh_names.h"
#include "cc/pass/lower_async_copies.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

// A channel's memory, and the stages between which it lies.
struct Ring {
  ir::Buffer buffer;
  int64_t depth;
  bool async;
  int64_t written;  // the first stage that writes
  int64_t read;     // the first stage that reads
};
using Rings = std::unordered_map<const ir::BufferObj*, Ring>;

// Replaces the channels' buffers by version `slot` of their rings; marks copies as asynchronous.
class Redirector : public ir::Mutator {
 public:
  Redirector(const Rings& rings, const ir::Expr& number, bool async)
      : rings_(rings), number_(number), async_(async) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    ir::Expr result = DefaultExpr(e);
    if (const auto* load = result.as<ir::LoadObj>()) {
      const Ring* ring = Find(load->buffer);
      if (ring) return ir::Load(ring->buffer, Prepend(Slot(*ring), load->indices));
    }
    if (const auto* address = result.as<ir::AddressOfObj>()) {
      const Ring* ring = Find(address->buffer);
      if (ring) return ir::AddressOf(ring->buffer, Prepend(Slot(*ring), address->indices));
    }
    return result;
  }

  ir::Region MutateRegion(const ir::Region& region) override {
    ir::Region result = MutateFields(region).as_or_throw<ir::Region>();
    const Ring* ring = Find(result->buffer);
    if (!ring) return result;
    return ir::Region(ring->buffer, Prepend(Slot(*ring), result->mins),
                      Prepend(ir::MakeInt(number_.dtype(), 1), result->extents));
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    ir::Stmt result = DefaultStmt(s);
    if (const auto* store = result.as<ir::StoreObj>()) {
      const Ring* ring = Find(store->buffer);
      if (!ring) return result;
      return ir::Store(ring->buffer, Prepend(Slot(*ring), store->indices), store->value,
                       store->span);
    }
    const auto* copy = result.as<op::CopyObj>();
    if (!copy || !async_) return result;
    ir::AttrMap attrs = copy->attrs;
    attrs.Set(kAsyncCopy, ffi::String(kOfPipeline));
    return op::Copy(copy->src, copy->dst, attrs, copy->span);
  }

 private:
  const Ring* Find(const ir::Buffer& buffer) const {
    auto it = rings_.find(buffer.get());
    return it == rings_.end() ? nullptr : &it->second;
  }
  ir::Expr Slot(const Ring& ring) const {
    return ir::FloorMod(number_, ir::MakeInt(number_.dtype(), ring.depth));
  }
  static ffi::Array<ir::Expr> Prepend(const ir::Expr& first, const ffi::Array<ir::Expr>& rest) {
    ffi::Array<ir::Expr> all = {first};
    for (const ir::Expr& e : rest) all.push_back(e);
    return all;
  }

  const Rings& rings_;
  ir::Expr number_;
  bool async_;
};

// An operator with the declarations that stand before it in the body.
struct Item {
  ir::Stmt stmt;
  std::vector<ir::Stmt> declarations;
  int64_t stage;
  int64_t order;
  bool async;
};

class PipelineWriter {
 public:
  PipelineWriter(const ir::PipelineObj* pipeline, const ffi::Array<ir::Stmt>& body)
      : pipeline_(pipeline), type_(pipeline->var.dtype()) {
    Sort(body);
    MakeRings();
  }

  ir::Stmt Write() {
    ffi::Array<ir::Stmt> stmts = outer_;
    for (int64_t step = 0; step < last_; ++step) {
      ir::Stmt body = Step(Int(step - last_), false);
      if (!IsEmpty(body)) stmts.push_back(body);
    }
    ir::Var number = counts_ ? pipeline_->var : ir::Var(pipeline_->var->name, type_);
    ir::Stmt body = Step(number, true);
    stmts.push_back(ir::For(number, Int(0), pipeline_->extent, Int(1), ir::ForKind::kSerial, body,
                            {}, pipeline_->span));
    return ir::Seq(stmts, pipeline_->span);
  }

 private:
  ir::Expr Int(int64_t value) const { return ir::MakeInt(type_, value); }
  static bool IsEmpty(const ir::Stmt& s) {
    const auto* seq = s.as<ir::SeqObj>();
    return seq && seq->stmts.empty();
  }

  // Operators by their position in a step; what only declares memory goes before the pipeline.
  void Sort(const ffi::Array<ir::Stmt>& body) {
    std::vector<ir::Stmt> declarations;
    size_t next = 0;
    for (const ir::Stmt& s : body) {
      const auto* alloc = s.as<ir::AllocObj>();
      if (ir::IsOperator(s)) {
        const std::string atom(pipeline_->atoms[next]);
        items_.push_back({s, declarations, pipeline_->stages[next], pipeline_->order[next],
                          atom.rfind("cp.async", 0) == 0});
        last_ = std::max(last_, items_.back().stage);
        declarations.clear();
        ++next;
      } else if (alloc && !alloc->init.has_value()) {
        if (!IsChannel(alloc->buffer)) outer_.push_back(s);
      } else {
        declarations.push_back(s);
      }
    }
    std::sort(items_.begin(), items_.end(),
              [](const Item& a, const Item& b) { return a.order < b.order; });
  }

  bool IsChannel(const ir::Buffer& buffer) const {
    for (const ir::Channel& channel : pipeline_->channels) {
      if (channel->buffer.same_as(buffer)) return true;
    }
    return false;
  }

  void MakeRings() {
    for (const ir::Channel& channel : pipeline_->channels) {
      const ir::Buffer& buffer = channel->buffer;
      ffi::Array<ir::Expr> shape = {ir::MakeInt(ir::dtype::Int(32), channel->depth)};
      for (const ir::Expr& extent : buffer->shape) shape.push_back(extent);
      Ring ring{ir::Buffer(buffer->name, buffer->dtype, shape, {}, buffer->scope), channel->depth,
                false, last_, last_};
      for (const Item& item : items_) {
        for (const MemoryAccess& access : CollectAccesses(item.stmt, {})) {
          if (!access.buffer.same_as(buffer)) continue;
          int64_t* first = access.write ? &ring.written : &ring.read;
          *first = std::min(*first, item.stage);
          ring.async = ring.async || (access.write && item.async);
        }
      }
      outer_.push_back(ir::Alloc(ring.buffer, std::nullopt, pipeline_->span));
      rings_.emplace(buffer.get(), ring);
    }
  }

  // Step `number`, which counts from minus the last stage; `steady` from 0 on.
  ir::Stmt Step(const ir::Expr& number, bool steady) {
    ffi::Array<ir::Stmt> stmts;
    if (auto wait = Wait(number, steady)) stmts.push_back(*wait);
    bool commits = false;
    size_t end = 0;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].async) end = i + 1;
    }
    for (size_t i = 0; i < items_.size();) {
      size_t behind = i + 1;
      while (behind < items_.size() && items_[behind].stage == items_[i].stage) ++behind;
      if (auto group = Group(i, behind, number, steady)) stmts.push_back(*group);
      if (!commits && end > 0 && behind >= end) {
        stmts.push_back(Evaluate("ptx_commit_group", {}, {}));
        commits = true;
      }
      i = behind;
    }
    return ir::Seq(stmts, pipeline_->span);
  }

  ir::Stmt Evaluate(const char* name, ffi::Array<ffi::Any> args,
                    ffi::Map<ffi::String, ffi::Any> attrs) const {
    return ir::Evaluate(ir::MakeCall(name, std::move(args), std::move(attrs), ir::dtype::Int(32)),
                        pipeline_->span);
  }

  // Whether operators of the stage run in the step, where that is known.
  bool Runs(int64_t stage, const ir::Expr& number, bool steady) const {
    return steady || *ir::AsConstInt(number) + last_ - stage >= 0;
  }

  // Until the copies that this step reads have arrived: of the groups of the steps before this one,
  // those of the last `distance` - 1 may still be on their way.
  std::optional<ir::Stmt> Wait(const ir::Expr& number, bool steady) const {
    int64_t allowed = -1;
    ffi::Array<ffi::Any> completed;
    for (const ir::Channel& channel : pipeline_->channels) {
      const Ring& ring = rings_.at(channel->buffer.get());
      if (!ring.async || !Runs(ring.read, number, steady)) continue;
      const int64_t distance = ring.read - ring.written - 1;
      allowed = allowed < 0 ? distance : std::min(allowed, distance);
      ir::Expr slot = ir::FloorMod(number + Int(last_ - ring.read), Int(ring.depth));
      ir::Region whole = ir::Region::Full(ring.buffer);
      ffi::Array<ir::Expr> mins = whole->mins, extents = whole->extents;
      mins.Set(0, slot);
      extents.Set(0, Int(1));
      completed.push_back(ir::Region(ring.buffer, mins, extents));
    }
    if (completed.empty()) return std::nullopt;
    return Evaluate("ptx_wait_group", {ir::MakeInt(ir::dtype::Int(32), allowed)},
                    {{"completes", completed}});
  }

  // The operators [begin, end), all of one stage, for the iteration that is due.
  std::optional<ir::Stmt> Group(size_t begin, size_t end, const ir::Expr& number, bool steady) {
    const int64_t ahead = last_ - items_[begin].stage;
    if (!Runs(items_[begin].stage, number, steady)) return std::nullopt;
    ir::Expr iteration = number + Int(ahead);
    ir::Expr exists = steady && ahead == 0 ? ir::MakeBool(true) : iteration < pipeline_->extent;
    if (ir::IsConstInt(exists, 0)) return std::nullopt;
    ffi::Array<ir::Stmt> stmts;
    FreshNames names(steady && ahead == 0);
    ir::Expr index = Index(iteration, steady, ahead, &stmts);
    // Rings are indexed by the iteration's number, which is the loop's variable if that counts.
    ir::Expr slot = counts_ ? index : iteration;
    for (size_t i = begin; i < end; ++i) {
      for (const ir::Stmt& s : items_[i].declarations) Add(s, slot, index, false, &names, &stmts);
      Add(items_[i].stmt, slot, index, items_[i].async, &names, &stmts);
    }
    ir::Stmt body = ir::Seq(stmts, pipeline_->span);
    if (ir::IsConstInt(exists, 1)) return body;
    return ir::If(exists, body, std::nullopt, pipeline_->span);
  }

  // The loop's variable in iteration `iteration`.
  ir::Expr Index(const ir::Expr& iteration, bool steady, int64_t ahead,
                 ffi::Array<ir::Stmt>* stmts) {
    if (counts_ && steady && ahead == 0) return pipeline_->var;
    ir::Expr value = counts_ ? iteration : pipeline_->min + iteration * pipeline_->step;
    if (ir::AsConstInt(value)) return value;
    const std::string name = std::string(pipeline_->var->name) + (ahead > 0 ? "_ahead" : "_now");
    ir::Var index(name, type_);
    stmts->push_back(ir::Bind(index, value, pipeline_->span));
    return index;
  }

  void Add(const ir::Stmt& s, const ir::Expr& slot, const ir::Expr& index, bool async,
           FreshNames* names, ffi::Array<ir::Stmt>* stmts) {
    ir::Stmt renamed = names->MutateStmt(s);
    if (!index.same_as(pipeline_->var)) {
      renamed = ir::Substitute(renamed, {{pipeline_->var.get(), index}});
    }
    stmts->push_back(Redirector(rings_, slot, async).MutateStmt(renamed));
  }

  const ir::PipelineObj* pipeline_;
  ir::DType type_;
  std::vector<Item> items_;
  Rings rings_;
  // Declarations of memory, which last as long as the pipeline.
  ffi::Array<ir::Stmt> outer_;
  int64_t last_ = 0;
  // Whether the loop's variable counts iterations from 0.
  const bool counts_ = ir::IsConstInt(pipeline_->min, 0) && ir::IsConstInt(pipeline_->step, 1);
};

class Expander : public ir::Mutator {
 public:
  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* pipeline = s.as<ir::PipelineObj>();
    if (!pipeline) return DefaultStmt(s);
    ffi::Array<ir::Stmt> body;
    for (const ir::Stmt& child : ir::StatementsOf(pipeline->body)) {
      body.push_back(MutateStmt(child));
    }
    return PipelineWriter(pipeline, body).Write();
  }
};

// Drops allocations of buffers that rings have replaced.
class AllocDropper : public ir::Mutator {
 public:
  explicit AllocDropper(const ir::Stmt& body) {
    struct Walker : ir::Visitor {
      std::unordered_map<const ir::BufferObj*, int> mentions;
      void VisitBuffer(const ir::Buffer& buffer) override { ++mentions[buffer.get()]; }
    } walker;
    walker.VisitStmt(body);
    mentions_ = std::move(walker.mentions);
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* alloc = s.as<ir::AllocObj>();
    bool unused = alloc && alloc->buffer.IsScope(ir::scope::kShared) &&
                  mentions_.at(alloc->buffer.get()) == 1;
    return unused ? ir::Seq(ffi::Array<ir::Stmt>()) : DefaultStmt(s);
  }

 private:
  std::unordered_map<const ir::BufferObj*, int> mentions_;
};

}  // namespace

ir::PrimFunc ExpandPipelines(const ir::PrimFunc& func, const lower::cuda::Context&) {
  ir::Stmt body = Expander().MutateStmt(func->body);
  return func.WithBody(AllocDropper(body).MutateStmt(body));
}

}  // namespace tilescale::pass
