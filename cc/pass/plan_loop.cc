#include "cc/pass/plan_loop.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "cc/ir/visitor.h"
#include "cc/op/copy.h"
#include "cc/pass/body_declarations.h"
#include "cc/pass/collect_accesses.h"
#include "cc/pass/plan_atoms.h"

namespace tilescale::pass {
namespace {

constexpr const char* kBlock = "block";

class LoopPlanner {
 public:
  LoopPlanner(const ir::For& loop, const PlanFacts& facts) : loop_(loop), facts_(facts) {}

  ir::LoopPlan Plan(const std::optional<StageRequest>& request) {
    Ask(request);
    const LoopRange range{loop_->var, loop_->min, loop_->extent, loop_->step};
    if (last_ == 0 && !request) {
      // Nothing overlaps.
      graph_.operators = CollectOperators(loop_->body, facts_.roots);
    } else {
      graph_ = BuildDependenceGraph(range, loop_->body, last_, facts_.roots, facts_.analyzer);
    }
    if (!request) Default();
    notes_.resize(graph_.operators.size());
    DemoteWhatCannotRepeat();
    DemoteChangedNames();
    while (DemoteUnversioned() || DemoteViolated()) {
    }
    return Result();
  }

 private:
  // The stages that are asked for; the number of the last one.
  void Ask(const std::optional<StageRequest>& request) {
    if (request) {
      stages_ = request->stages;
      order_ = request->order;
      wanted_atoms_ = request->atoms;
      for (int64_t stage : stages_) last_ = std::max(last_, stage);
      return;
    }
    auto it = loop_->attrs.find("num_stages");
    const int64_t depth = it == loop_->attrs.end() ? 0 : (*it).second.cast<int64_t>();
    last_ = std::max<int64_t>(std::min(depth, facts_.max_stages) - 1, 0);
    cut_ = depth > facts_.max_stages ? depth : 0;
  }

  // Loads first, then everything else, both in the order of the text.
  void Default() {
    const size_t count = graph_.operators.size();
    order_.resize(count);
    int64_t next = 0;
    if (last_ == 0) std::iota(order_.begin(), order_.end(), 0);
    for (bool loads : {true, false}) {
      for (size_t i = 0; i < count && last_ > 0; ++i) {
        if (IsLoad(graph_.operators[i].stmt) == loads) order_[i] = next++;
      }
    }
    for (const LoopOperator& op : graph_.operators) {
      stages_.push_back(IsLoad(op.stmt) ? 0 : last_);
    }
  }

  void Demote(size_t i, const std::string& why) {
    stages_[i] = last_;
    if (notes_[i].empty()) notes_[i] = why;
    // After the operators that run in the same stage before it.
    std::vector<size_t> late;
    for (size_t k = 0; k < stages_.size(); ++k) {
      if (stages_[k] == last_) late.push_back(k);
    }
    std::vector<int64_t> positions;
    for (size_t k : late) positions.push_back(order_[k]);
    std::sort(positions.begin(), positions.end());
    for (size_t k = 0; k < late.size(); ++k) order_[late[k]] = positions[k];
  }

  bool IsEarly(size_t i) const { return stages_[i] < last_; }

  // An early operator is written several times and runs for iterations that come later.
  void DemoteWhatCannotRepeat() {
    bool leaves = false;
    for (const LoopOperator& op : graph_.operators) leaves = leaves || Leaves(op.stmt);
    std::unordered_set<const ffi::Object*> inner = DeclaredInside();
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (!IsEarly(i)) continue;
      if (leaves) Demote(i, "the loop may end early");
      if (graph_.operators[i].state) Demote(i, "it changes hidden state");
      if (IsEarly(i) && MentionsAny(graph_.operators[i].stmt, inner)) {
        Demote(i, "it uses what each iteration declares anew");
      }
    }
  }

  // Each stage computes the names that it uses anew: what they read must not have changed by then.
  void DemoteChangedNames() {
    BodyDeclarations all;
    std::vector<BodyDeclaration> reading;
    size_t next = 0;
    for (const ir::Stmt& s : ir::StatementsOf(loop_->body)) {
      const auto* bind = s.as<ir::BindObj>();
      if (bind && ReadsMemory(bind->value)) reading.push_back({s, next});
      if (ir::IsOperator(s)) {
        ++next;
      } else {
        all.Add(s, next);
      }
    }
    for (const BodyDeclaration& each : reading) DemoteChangesOf(each.stmt, each.before, all);
  }

  // The operators from number `first` on that change what the name reads, and those behind them
  // that use the name.
  void DemoteChangesOf(const ir::Stmt& bind, size_t first, const BodyDeclarations& declarations) {
    const std::string name(bind.as<ir::BindObj>()->var->name);
    const std::vector<MemoryAccess> reads = CollectAccesses(bind, facts_.roots);
    bool changed = false;
    for (size_t i = first; i < stages_.size(); ++i) {
      if (changed && IsEarly(i) && Uses(i, bind, declarations)) {
        Demote(i, "it uses `" + name + "` of before a change");
      }
      for (const MemoryAccess& read : reads) {
        if (!Writes(i, read.buffer.get())) continue;
        changed = true;
        if (IsEarly(i)) Demote(i, "it changes what `" + name + "` was read from");
      }
    }
  }

  bool Uses(size_t i, const ir::Stmt& declaration, const BodyDeclarations& declarations) const {
    for (const BodyDeclaration& each : declarations.NeededBy({{graph_.operators[i].stmt, i}})) {
      if (each.stmt.same_as(declaration)) return true;
    }
    return false;
  }

  static bool Leaves(const ir::Stmt& s) {
    bool leaves = false;
    ir::ForEachStmt(s, [&](const ir::Stmt& inner) {
      leaves = leaves || inner.as<ir::BreakObj>() || inner.as<ir::ContinueObj>();
    });
    return leaves;
  }

  // Scalars with initial values, views and tensors that the body declares.
  std::unordered_set<const ffi::Object*> DeclaredInside() const {
    std::unordered_set<const ffi::Object*> found;
    for (const ir::Stmt& s : ir::StatementsOf(loop_->body)) {
      const auto* alloc = s.as<ir::AllocObj>();
      if (alloc && !alloc->buffer.IsScope(ir::scope::kShared)) found.insert(alloc->buffer.get());
      if (const auto* view = s.as<ir::ViewObj>()) found.insert(view->buffer.get());
      if (const auto* tensor = s.as<ir::DeclTensorObj>()) found.insert(tensor->buffer.get());
    }
    return found;
  }

  static bool MentionsAny(const ir::Stmt& s, const std::unordered_set<const ffi::Object*>& set) {
    struct Walker : ir::Visitor {
      const std::unordered_set<const ffi::Object*>* set;
      bool found = false;
      void VisitBuffer(const ir::Buffer& b) override { found = found || set->count(b.get()) > 0; }
    } walker;
    walker.set = &set;
    walker.VisitStmt(s);
    return walker.found;
  }

  bool Writes(size_t i, const ir::BufferObj* buffer) const {
    for (const MemoryAccess& access : graph_.operators[i].accesses) {
      if (access.write && access.buffer.get() == buffer) return true;
    }
    return false;
  }

  // The buffers that early operators write.
  std::vector<ir::Buffer> Versioned() const {
    std::vector<ir::Buffer> found;
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (!IsEarly(i)) continue;
      for (const MemoryAccess& access : graph_.operators[i].accesses) {
        bool known = !access.write;
        for (const ir::Buffer& buffer : found) known = known || buffer.same_as(access.buffer);
        if (!known) found.push_back(access.buffer);
      }
    }
    return found;
  }

  bool DemoteUnversioned() {
    bool changed = false;
    for (const ir::Buffer& buffer : Versioned()) {
      std::string why = facts_.versions.WhyNot(buffer, loop_, graph_);
      if (why.empty()) continue;
      for (size_t i = 0; i < stages_.size(); ++i) {
        if (!IsEarly(i) || !Writes(i, buffer.get())) continue;
        Demote(i, why);
        changed = true;
      }
    }
    return changed;
  }

  // Versions leave only the dependences within an iteration.
  bool IsViolated(const Dependence& edge, const std::vector<ir::Buffer>& versioned) const {
    for (const ir::Buffer& buffer : versioned) {
      if (buffer.get() == edge.root && edge.distance > 0) return false;
    }
    const int64_t from = stages_[edge.from], to = stages_[edge.to] + edge.distance;
    return from > to || (from == to && order_[edge.from] > order_[edge.to]);
  }

  bool DemoteViolated() {
    std::vector<ir::Buffer> versioned = Versioned();
    for (const Dependence& edge : graph_.edges) {
      if (!IsViolated(edge, versioned)) continue;
      const std::string& other = graph_.operators[edge.from].label;
      std::string why = "`" + other + "` must run before it" +
                        (edge.buffer.empty() ? "" : " because of `" + edge.buffer + "`");
      if (IsEarly(edge.to)) {
        Demote(edge.to, why);
      } else if (IsEarly(edge.from)) {
        Demote(edge.from, "it must run before `" + graph_.operators[edge.to].label + "`");
      } else {
        KeepOrder(why);
      }
      return true;
    }
    return false;
  }

  // The last stage in the order of the text, which is always right.
  void KeepOrder(const std::string& why) {
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (!IsEarly(i)) Demote(i, why);
    }
  }

  int64_t Depth(const ir::Buffer& buffer) const {
    int64_t low = last_, high = 0;
    for (size_t i = 0; i < stages_.size(); ++i) {
      for (const MemoryAccess& access : graph_.operators[i].accesses) {
        if (!access.buffer.same_as(buffer)) continue;
        low = std::min(low, stages_[i]);
        high = std::max(high, stages_[i]);
      }
    }
    return high - low + 1;
  }

  ir::LoopPlan Result() {
    ffi::Array<ir::OperatorPlan> operators;
    std::vector<AtomPlan> atoms = PlanAtoms(loop_, graph_, stages_, wanted_atoms_, facts_);
    for (size_t i = 0; i < stages_.size(); ++i) {
      std::string note = notes_[i];
      if (cut_ > 0 && note.empty() && IsLoad(graph_.operators[i].stmt)) {
        note = std::to_string(cut_) + " stages do not fit into shared memory";
      }
      if (note.empty()) note = atoms[i].note;
      operators.push_back(ir::OperatorPlan(graph_.operators[i].label, kBlock, stages_[i], order_[i],
                                           atoms[i].atom, note));
    }
    ffi::Array<ir::ChannelPlan> channels;
    for (const ir::Buffer& buffer : Versioned()) {
      channels.push_back(ir::ChannelPlan(facts_.names.Of(buffer), Depth(buffer)));
    }
    return ir::LoopPlan(std::string(loop_->var->name), operators, channels);
  }

  const ir::For& loop_;
  const PlanFacts& facts_;
  DependenceGraph graph_;
  int64_t last_ = 0;
  // The number of stages that were asked for, if they are too many.
  int64_t cut_ = 0;
  std::vector<int64_t> stages_;
  std::vector<int64_t> order_;
  std::vector<std::string> wanted_atoms_;
  std::vector<std::string> notes_;
};

}  // namespace

bool IsLoad(const ir::Stmt& s) {
  const auto* copy = s.as<op::CopyObj>();
  if (copy) {
    return copy->src->buffer.IsScope(ir::scope::kGlobal) &&
           copy->dst->buffer.IsScope(ir::scope::kShared);
  }
  const auto* branch = s.as<ir::IfObj>();
  if (!branch || branch->else_body.has_value()) return false;
  bool loads = false;
  for (const ir::Stmt& child : ir::StatementsOf(branch->then_body)) {
    if (ir::IsOperator(child) && !child.as<op::CopyObj>()) return false;
    loads = loads || IsLoad(child);
  }
  return loads;
}

ir::LoopPlan PlanLoop(const ir::For& loop, const std::optional<StageRequest>& request,
                      const PlanFacts& facts) {
  return LoopPlanner(loop, facts).Plan(request);
}

}  // namespace tilescale::pass
