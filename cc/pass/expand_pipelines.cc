#include "cc/pass/expand_pipelines.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/schedule.h"
#include "cc/ir/visitor.h"
#include "cc/op/copy.h"
#include "cc/pass/body_declarations.h"
#include "cc/pass/collect_accesses.h"
#include "cc/pass/fresh_names.h"
#include "cc/pass/lower_async_copies.h"
#include "cc/pass/operands_ahead.h"
#include "cc/pass/register_prefetch.h"

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
// The version that an iteration uses of a ring of the given depth.
using SlotOf = std::function<ir::Expr(int64_t depth)>;
using Rings = std::unordered_map<const ir::BufferObj*, Ring>;
// The user's layouts of buffers; that of a ring is the one of each of its versions.
using Layouts = std::unordered_map<const ir::BufferObj*, ffi::Any>;

const ir::AnnotateObj* LayoutOf(const ir::Stmt& s) {
  const auto* note = s.as<ir::AnnotateObj>();
  return note && note->key == "layout" && note->target.has_value() ? note : nullptr;
}

// Replaces the channels' buffers by version `slot` of their rings; marks copies as asynchronous.
class Redirector : public ir::Mutator {
 public:
  Redirector(const Rings& rings, const SlotOf& slot_of, bool async)
      : rings_(rings), slot_of_(slot_of), async_(async) {}

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
                      Prepend(ir::MakeInt(ir::dtype::Int(32), 1), result->extents));
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    ir::Stmt result = DefaultStmt(s);
    if (const auto* store = result.as<ir::StoreObj>()) {
      const Ring* ring = Find(store->buffer);
      if (!ring) return result;
      return ir::Store(ring->buffer, Prepend(Slot(*ring), store->indices), store->value,
                       store->span);
    }
    if (auto op = result.as<ir::TileOp>()) {
      const op::OpInfo& info = op::GetOpInfo(*op);
      if (info.renumber) result = info.renumber(*op, s.as_or_throw<ir::TileOp>());
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
  ir::Expr Slot(const Ring& ring) const { return slot_of_(ring.depth); }
  static ffi::Array<ir::Expr> Prepend(const ir::Expr& first, const ffi::Array<ir::Expr>& rest) {
    ffi::Array<ir::Expr> all = {first};
    for (const ir::Expr& e : rest) all.push_back(e);
    return all;
  }

  const Rings& rings_;
  const SlotOf& slot_of_;
  bool async_;
};

// An operator, or a part of it, with the operator's number in the body.
struct Item {
  ir::Stmt stmt;
  size_t number;
  int64_t stage;
  int64_t order;
  bool async;
};

class PipelineWriter {
 public:
  PipelineWriter(const ir::PipelineObj* pipeline, const ffi::Array<ir::Stmt>& body,
                 const Layouts& layouts, const lower::cuda::Context& context)
      : pipeline_(pipeline), layouts_(layouts), context_(context), type_(pipeline->var.dtype()) {
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
    ffi::Array<ir::Stmt> steady;
    DeclareSlots(&stmts, &steady);
    steady.push_back(Step(number, true));
    AdvanceSlots(&steady);
    ir::Stmt body = ir::Seq(steady, pipeline_->span);
    stmts.push_back(ir::For(number, Int(0), pipeline_->extent, Int(1), ir::ForKind::kSerial, body,
                            {}, pipeline_->span));
    for (const ir::Stmt& s : outer_end_) stmts.push_back(s);
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
    size_t next = 0;
    for (const ir::Stmt& s : body) {
      const auto* alloc = s.as<ir::AllocObj>();
      if (ir::IsOperator(s)) {
        AddItem(s, next++);
      } else if (alloc && !alloc->init.has_value()) {
        if (!IsChannel(alloc->buffer)) outer_.push_back(s);
      } else {
        declarations_.Add(s, next);
      }
    }
    std::sort(items_.begin(), items_.end(),
              [](const Item& a, const Item& b) { return a.order < b.order; });
  }

  void AddItem(const ir::Stmt& s, size_t number) {
    const std::string atom(pipeline_->atoms[number]);
    const int64_t stage = pipeline_->stages[number], order = pipeline_->order[number];
    last_ = std::max(last_, stage);
    if (HasOperandsAhead(atom)) return AddProduct(s.as<op::GemmObj>(), number);
    if (atom != kPrefetchAtom) {
      items_.push_back({s, number, stage, order, atom.rfind("cp.async", 0) == 0});
      return;
    }
    PrefetchHalves halves = SplitPrefetch(s);
    for (const ir::Buffer& buffer : halves.registers) {
      outer_.push_back(ir::Alloc(buffer, std::nullopt, pipeline_->span));
    }
    // Behind all others, in the same order.
    const int64_t behind = order + static_cast<int64_t>(pipeline_->order.size());
    items_.push_back({halves.load, number, stage, order, false});
    items_.push_back({halves.store, number, stage, behind, false});
  }

  // A product, the only operator of the last stage: it begins before the loads of its step, so that
  // its first instructions need not wait until they are issued.
  void AddProduct(const op::GemmObj* gemm, size_t number) {
    AheadProduct parts = SplitProduct(gemm, context_);
    for (const ir::Buffer& buffer : parts.registers) {
      outer_.push_back(ir::Alloc(buffer, std::nullopt, pipeline_->span));
    }
    for (const ir::Stmt& s : parts.clear) outer_.push_back(s);
    int64_t before = -static_cast<int64_t>(parts.first.size());
    for (const ir::Stmt& s : parts.first) items_.push_back({s, number, last_, before++, false});
    int64_t behind = static_cast<int64_t>(pipeline_->order.size());
    for (const ir::Stmt& s : parts.rest) items_.push_back({s, number, last_, behind++, false});
    outer_end_.push_back(parts.last);
  }

  bool IsChannel(const ir::Buffer& buffer) const {
    for (const ir::Channel& channel : pipeline_->channels) {
      if (channel->buffer.same_as(buffer)) return true;
    }
    return false;
  }

  // Those of the names that the item uses included.
  std::vector<MemoryAccess> AccessesOf(const Item& item) const {
    std::vector<MemoryAccess> all = CollectAccesses(item.stmt, {});
    for (const BodyDeclaration& each : declarations_.NeededBy({{item.stmt, item.number}})) {
      std::vector<MemoryAccess> more = CollectAccesses(each.stmt, {});
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  void MakeRings() {
    for (const ir::Channel& channel : pipeline_->channels) {
      const ir::Buffer& buffer = channel->buffer;
      ffi::Array<ir::Expr> shape = {ir::MakeInt(ir::dtype::Int(32), channel->depth)};
      for (const ir::Expr& extent : buffer->shape) shape.push_back(extent);
      Ring ring{ir::Buffer(buffer->name, buffer->dtype, shape, {}, buffer->scope), channel->depth,
                false, last_, last_};
      for (const Item& item : items_) {
        for (const MemoryAccess& access : AccessesOf(item)) {
          if (!access.buffer.same_as(buffer)) continue;
          int64_t* first = access.write ? &ring.written : &ring.read;
          *first = std::min(*first, item.stage);
          ring.async = ring.async || (access.write && item.async);
        }
      }
      outer_.push_back(ir::Alloc(ring.buffer, std::nullopt, pipeline_->span));
      auto layout = layouts_.find(buffer.get());
      if (layout != layouts_.end()) {
        outer_.push_back(ir::Annotate("layout", ring.buffer, layout->second, pipeline_->span));
      }
      rings_.emplace(buffer.get(), ring);
    }
  }

  static ir::Expr Int32(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

  // The version of the iteration in its last stage goes round with the steps; those of the
  // iterations ahead of it follow. It is a value of the loop, not its variable modulo the depth,
  // which would cost a division in each step.
  void DeclareSlots(ffi::Array<ir::Stmt>* before, ffi::Array<ir::Stmt>* body) {
    const ir::Span& span = pipeline_->span;
    for (const auto& [buffer, ring] : rings_) current_.emplace(ring.depth, ScalarNamed("turn"));
    for (const auto& [depth, turn] : current_) {
      before->push_back(ir::Alloc(turn, Int32(0), span));
      for (const Item& item : items_) {
        const int64_t ahead = last_ - item.stage;
        if (slots_.count({depth, ahead})) continue;
        ir::Var slot(ahead > 0 ? "slot_ahead" : "slot", ir::dtype::Int(32));
        slots_.emplace(std::make_pair(depth, ahead), slot);
        ir::Expr behind = ir::Load(turn, {}) + Int32(ahead % depth);
        ir::Expr wrapped = ir::MakeSelect(behind < Int32(depth), behind, behind - Int32(depth));
        body->push_back(ir::Bind(slot, ahead % depth ? wrapped : ir::Load(turn, {}), span));
        body->push_back(ir::Assume(Int32(0) <= slot, span));
        body->push_back(ir::Assume(slot < Int32(depth), span));
      }
    }
    AssumeSlotsDiffer(body);
  }

  // That no barrier is needed between uses of two versions.
  void AssumeSlotsDiffer(ffi::Array<ir::Stmt>* body) const {
    for (const auto& [a, slot] : slots_) {
      for (const auto& [b, other] : slots_) {
        bool apart = a.first == b.first && a.second < b.second && (b.second - a.second) % a.first;
        if (!apart) continue;
        body->push_back(ir::Assume(ir::MakeNot(ir::Equal(slot, other)), pipeline_->span));
      }
    }
  }

  void AdvanceSlots(ffi::Array<ir::Stmt>* body) const {
    for (const auto& [depth, turn] : current_) {
      ir::Expr next = ir::Load(turn, {}) + Int32(1);
      body->push_back(ir::Store(turn, {}, ir::MakeSelect(next < Int32(depth), next, Int32(0)),
                                pipeline_->span));
    }
  }

  static ir::Buffer ScalarNamed(const char* name) {
    return ir::Buffer(name, ir::dtype::Int(32), {}, {}, ir::scope::kVar);
  }

  // The versions of the iteration that runs in stage `stage` of step `number`.
  SlotOf Slots(const ir::Expr& number, bool steady, int64_t stage) const {
    const int64_t ahead = last_ - stage;
    if (steady) return [this, ahead](int64_t depth) { return slots_.at({depth, ahead}); };
    const int64_t wrong = context_.Has(lower::PlantedBug::kWrongRingSlot) ? 1 : 0;
    const int64_t iteration = *ir::AsConstInt(number) + ahead + wrong;
    return [iteration](int64_t depth) { return Int32(iteration % depth); };
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
      ir::Expr slot = Slots(number, steady, ring.read)(ring.depth);
      ir::Region whole = ir::Region::Full(ring.buffer);
      ffi::Array<ir::Expr> mins = whole->mins, extents = whole->extents;
      mins.Set(0, slot);
      extents.Set(0, Int32(1));
      completed.push_back(ir::Region(ring.buffer, mins, extents));
    }
    if (completed.empty()) return std::nullopt;
    if (context_.Has(lower::PlantedBug::kWeakAsyncWait)) ++allowed;
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
    FreshNames names(steady && ahead == 0 && !std::exchange(names_used_, true));
    ir::Expr index = Index(iteration, steady, ahead, &stmts);
    SlotOf slots = Slots(number, steady, items_[begin].stage);
    std::vector<BodyPart> parts;
    for (size_t i = begin; i < end; ++i) parts.push_back({items_[i].stmt, items_[i].number});
    std::vector<BodyDeclaration> needed = declarations_.NeededBy(parts);
    const size_t kDone = std::numeric_limits<size_t>::max();
    for (size_t i = begin; i < end; ++i) {
      for (BodyDeclaration& declaration : needed) {
        if (declaration.before > items_[i].number) continue;
        Add(declaration.stmt, slots, index, false, &names, &stmts);
        declaration.before = kDone;
      }
      Add(items_[i].stmt, slots, index, items_[i].async, &names, &stmts);
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

  void Add(const ir::Stmt& s, const SlotOf& slots, const ir::Expr& index, bool async,
           FreshNames* names, ffi::Array<ir::Stmt>* stmts) {
    ir::Stmt renamed = names->MutateStmt(s);
    if (!index.same_as(pipeline_->var)) {
      renamed = ir::Substitute(renamed, {{pipeline_->var.get(), index}});
    }
    stmts->push_back(Redirector(rings_, slots, async).MutateStmt(renamed));
  }

  const ir::PipelineObj* pipeline_;
  const Layouts& layouts_;
  const lower::cuda::Context& context_;
  ir::DType type_;
  std::vector<Item> items_;
  BodyDeclarations declarations_;
  // Whether an operator of the steady state has kept the names of the body.
  bool names_used_ = false;
  Rings rings_;
  // By depth; by depth and the number of iterations ahead.
  std::map<int64_t, ir::Buffer> current_;
  std::map<std::pair<int64_t, int64_t>, ir::Var> slots_;
  // Declarations of memory, which last as long as the pipeline.
  ffi::Array<ir::Stmt> outer_;
  // What is left to do behind it.
  ffi::Array<ir::Stmt> outer_end_;
  int64_t last_ = 0;
  // Whether the loop's variable counts iterations from 0.
  const bool counts_ = ir::IsConstInt(pipeline_->min, 0) && ir::IsConstInt(pipeline_->step, 1);
};

class Expander : public ir::Mutator {
 public:
  Expander(const ir::Stmt& body, const lower::cuda::Context& context) : context_(context) {
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const ir::AnnotateObj* note = LayoutOf(s);
      if (note) layouts_.insert_or_assign(note->target.value().get(), note->value);
    });
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* pipeline = s.as<ir::PipelineObj>();
    if (!pipeline) return DefaultStmt(s);
    ffi::Array<ir::Stmt> body;
    for (const ir::Stmt& child : ir::StatementsOf(pipeline->body)) {
      body.push_back(MutateStmt(child));
    }
    return PipelineWriter(pipeline, body, layouts_, context_).Write();
  }

 private:
  const lower::cuda::Context& context_;
  Layouts layouts_;
};

// Drops allocations and layouts of buffers that rings have replaced.
class AllocDropper : public ir::Mutator {
 public:
  explicit AllocDropper(const ir::Stmt& body) {
    struct Walker : ir::Visitor {
      std::unordered_map<const ir::BufferObj*, int> mentions;
      void VisitBuffer(const ir::Buffer& buffer) override { ++mentions[buffer.get()]; }
      void VisitStmt(const ir::Stmt& s) override {
        if (!LayoutOf(s)) VisitFields(s);
      }
    } walker;
    walker.VisitStmt(body);
    mentions_ = std::move(walker.mentions);
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* alloc = s.as<ir::AllocObj>();
    const ir::AnnotateObj* note = LayoutOf(s);
    const ir::BufferObj* buffer = alloc  ? alloc->buffer.get()
                                  : note ? note->target.value().get()
                                         : nullptr;
    bool unused = buffer && buffer->scope == ir::scope::kShared && mentions_.at(buffer) == 1;
    return unused ? ir::Seq(ffi::Array<ir::Stmt>()) : DefaultStmt(s);
  }

 private:
  std::unordered_map<const ir::BufferObj*, int> mentions_;
};

}  // namespace

ir::PrimFunc ExpandPipelines(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  ir::Stmt body = Expander(func->body, context).MutateStmt(func->body);
  return func.WithBody(AllocDropper(body).MutateStmt(body));
}

}  // namespace tilescale::pass
