#include "cc/pass/collect_accesses.h"

#include <unordered_set>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/schedule.h"
#include "cc/ir/visitor.h"
#include "cc/op/tile_op.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

// A name inside an operator, and the values it takes.
struct Inner {
  ir::Var var;
  ir::Expr extent;  // 0 ... extent - 1
};

class Collector : public ir::Visitor {
 public:
  Collector(const ViewRoots& roots, const ir::VarMap& names) : roots_(roots), names_(names) {}

  std::vector<MemoryAccess> found;
  bool state = false;

  void VisitExpr(const ir::Expr& e) override {
    if (const auto* load = e.as<ir::LoadObj>()) AddElement(load->buffer, load->indices, false);
    if (const auto* call = e.as<ir::CallObj>()) VisitCall(call);
    // What a name's value reads, each user of the name reads.
    auto name = names_.find(e.as<ir::VarObj>());
    if (name != names_.end() && ReadsMemory(name->second)) VisitExpr(name->second);
    VisitFields(e);
  }

  void VisitStmt(const ir::Stmt& s) override {
    if (auto op = s.as<ir::TileOp>()) VisitOperator(*op);
    if (const auto* store = s.as<ir::StoreObj>()) {
      AddElement(store->buffer, store->indices, true);
    }
    if (s.as<ir::BreakObj>() || s.as<ir::ContinueObj>()) state = true;
    if (const auto* bind = s.as<ir::BindObj>()) unknown_.insert(bind->var.get());
    if (const auto* box = s.as<ir::ParallelObj>()) {
      for (size_t i = 0; i < box->vars.size(); ++i) Enter(box->vars[i], box->extents[i], true);
    }
    if (const auto* loop = s.as<ir::ForObj>()) {
      bool plain = ir::IsConstInt(loop->min, 0) && ir::IsConstInt(loop->step, 1);
      Enter(loop->var, loop->extent, plain);
    }
    if (const auto* loop = s.as<ir::PipelineObj>()) Enter(loop->var, loop->extent, false);
    VisitFields(s);
  }

 private:
  void Enter(const ir::Var& var, const ir::Expr& extent, bool from_zero) {
    if (from_zero && !MentionsInner(extent)) {
      inner_.push_back({var, extent});
    } else {
      unknown_.insert(var.get());
    }
  }

  void VisitOperator(const ir::TileOp& op) {
    const op::OpInfo& info = op::GetOpInfo(op);
    op::Effects effects = info.effects(op);
    for (const ir::Region& region : effects.reads) AddRegion(region, false);
    for (const ir::Region& region : effects.writes) AddRegion(region, true);
    for (const ir::Region& region : effects.accumulates) {
      AddRegion(region, false);
      AddRegion(region, true);
    }
    // What it does besides is not a matter of memory.
    if (effects.writes.empty() && effects.accumulates.empty()) state = true;
  }

  void VisitCall(const ir::CallObj* call) {
    const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
    bool addresses = false;
    for (size_t i = 0; i < call->args.size(); ++i) {
      const auto* address = call->args[i].as<ir::AddressOfObj>();
      auto region = call->args[i].as<ir::Region>();
      if (region) AddRegion(*region, false);
      if (!address) continue;
      addresses = true;
      ir::MemoryUse use = decl ? decl->Use(i) : ir::MemoryUse::kReadWrite;
      if (use == ir::MemoryUse::kNone) continue;
      if (use != ir::MemoryUse::kWrite) AddAny(address->buffer, false);
      if (use != ir::MemoryUse::kRead) AddAny(address->buffer, true);
    }
    state = state || !decl || (decl->effect == ir::Effect::kState && !addresses);
  }

  const ir::Buffer& Root(const ir::Buffer& buffer) const {
    auto it = roots_.find(buffer.get());
    return it == roots_.end() ? buffer : it->second;
  }

  void AddAny(const ir::Buffer& buffer, bool write) {
    found.push_back({Root(buffer), {}, {}, write});
  }

  void AddElement(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices, bool write) {
    std::vector<ir::Expr> ones;
    for (const ir::Expr& index : indices) ones.push_back(ir::MakeInt(index.dtype(), 1));
    Add(buffer, {indices.begin(), indices.end()}, ones, write);
  }

  void AddRegion(const ir::Region& region, bool write) {
    Add(region->buffer, {region->mins.begin(), region->mins.end()},
        {region->extents.begin(), region->extents.end()}, write);
  }

  void Add(const ir::Buffer& buffer, std::vector<ir::Expr> mins, std::vector<ir::Expr> extents,
           bool write) {
    // A view has another shape than its root.
    if (!Root(buffer).same_as(buffer)) return AddAny(buffer, write);
    for (size_t i = 0; i < mins.size(); ++i) {
      mins[i] = ir::Substitute(mins[i], names_);
      extents[i] = ir::Substitute(extents[i], names_);
      Widen(buffer->shape[i], &mins[i], &extents[i]);
    }
    found.push_back({buffer, std::move(mins), std::move(extents), write});
  }

  bool MentionsInner(const ir::Expr& e) const {
    bool found_one = false;
    ir::ForEachExpr(e, [&](const ir::Expr& x) {
      found_one = found_one || unknown_.count(x.get()) > 0;
      for (const Inner& inner : inner_) found_one = found_one || inner.var.same_as(x);
    });
    return found_one;
  }

  // Covers all values of the names inside the operator.
  void Widen(const ir::Expr& size, ir::Expr* min, ir::Expr* extent) const {
    for (const Inner& inner : inner_) {
      auto linear = AsLinear(*min, inner.var.get());
      if (!linear || linear->coefficient <= 0) continue;
      *min = linear->rest;
      ir::Expr scale = ir::MakeInt(inner.extent.dtype(), linear->coefficient);
      *extent = *extent + (inner.extent - 1) * scale;
    }
    if (!MentionsInner(*min) && !MentionsInner(*extent)) return;
    *min = ir::MakeInt(size.dtype(), 0);
    *extent = size;
  }

  const ViewRoots& roots_;
  const ir::VarMap& names_;
  std::vector<Inner> inner_;
  std::unordered_set<const ffi::Object*> unknown_;
};

std::string Label(const ir::Stmt& s, const std::vector<MemoryAccess>& accesses) {
  std::string key = s->GetTypeKey();
  std::string text = key.substr(key.rfind('.') + 1);
  std::string reads, writes;
  for (const MemoryAccess& access : accesses) {
    std::string* side = access.write ? &writes : &reads;
    std::string name(access.buffer->name);
    if ((" " + *side + " ").find(" " + name + " ") == std::string::npos) *side += " " + name;
  }
  return text + reads + (writes.empty() ? "" : " ->" + writes);
}

}  // namespace

bool ReadsMemory(const ir::Expr& e) {
  bool reads = false;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const auto* call = x.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    reads = reads || x.as<ir::LoadObj>() || (call && !(decl && decl->effect == ir::Effect::kPure));
  });
  return reads;
}

std::vector<LoopOperator> CollectOperators(const ir::Stmt& body, const ViewRoots& roots) {
  std::vector<LoopOperator> operators;
  ir::VarMap names;
  for (const ir::Stmt& s : ir::StatementsOf(body)) {
    if (const auto* bind = s.as<ir::BindObj>()) {
      names.emplace(bind->var.get(), ir::Substitute(bind->value, names));
    }
    if (!ir::IsOperator(s)) continue;
    Collector collector(roots, names);
    collector.VisitStmt(s);
    operators.push_back({s, Label(s, collector.found), collector.found, collector.state});
  }
  return operators;
}

std::vector<MemoryAccess> CollectAccesses(const ir::Stmt& stmt, const ViewRoots& roots) {
  const ir::VarMap no_names;
  Collector collector(roots, no_names);
  collector.VisitStmt(stmt);
  return collector.found;
}

ViewRoots FindViewRoots(const ir::Stmt& body) {
  ViewRoots roots;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    const auto* view = s.as<ir::ViewObj>();
    if (!view) return;
    auto outer = roots.find(view->source.get());
    roots.emplace(view->buffer.get(), outer == roots.end() ? view->source : outer->second);
  });
  return roots;
}

}  // namespace tilescale::pass
