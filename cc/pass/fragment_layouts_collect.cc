// What a kernel asks of the layouts of its buffers.
#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>

#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/ir/spec.h"
#include "cc/ir/visitor.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/op/reducer.h"
#include "cc/op/tile_op.h"
#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/linear.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

std::vector<int64_t> ConstExtents(const ffi::Array<ir::Expr>& extents) {
  std::vector<int64_t> values;
  for (const ir::Expr& extent : extents) values.push_back(*ir::AsConstInt(extent));
  return values;
}

// Integer arithmetic on the loop's variables alone.
bool DependsOnPointOnly(const ir::Expr& index, const ir::ParallelObj* box) {
  bool only = true;
  ir::ForEachExpr(index, [&](const ir::Expr& e) {
    if (e.as<ir::LoadObj>() || e.as<ir::CallObj>() || e.as<ir::AddressOfObj>()) only = false;
    if (!ir::dtype::IsIntegral(e.dtype())) only = false;
    if (!e.as<ir::VarObj>()) return;
    only = only && std::any_of(box->vars.begin(), box->vars.end(),
                               [&](const ir::Var& v) { return v.same_as(e); });
  });
  return only;
}

bool UpdatesReducers(const ir::Stmt& body) {
  bool found = false;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) { found = found || s.as<op::ReducerUpdateObj>(); });
  return found;
}

// A mutator only because that one knows the facts at each loop.
class Collector : public AnalyzedMutator {
 public:
  Collector(LayoutProblem* problem, const lower::cuda::Context& context)
      : problem_(problem), context_(context) {
    context_.can_prove = [this](const ir::Expr& cond) { return analyzer()->CanProve(cond); };
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* alloc = stmt.as<ir::AllocObj>()) {
      Declare(alloc->buffer);
    } else if (const auto* view = stmt.as<ir::ViewObj>()) {
      OnView(view);
    } else if (const auto* note = stmt.as<ir::AnnotateObj>()) {
      if (note->key == "layout" && note->target.has_value()) OnLayout(note);
    } else if (const auto* box = stmt.as<ir::ParallelObj>()) {
      OnLoop(box);
    } else if (auto op = stmt.as<ir::TileOp>()) {
      OnOp(*op);
    } else {
      return OnOther(stmt);
    }
    return stmt;
  }

  ir::Expr MutateExpr(const ir::Expr& e) override {
    Visit(e, nullptr);
    return e;
  }

 private:
  ir::Stmt OnOther(const ir::Stmt& stmt) {
    const auto* loop = stmt.as<ir::ForObj>();
    bool uniform = stmt.as<ir::TileLoopObj>() || stmt.as<ir::SeqObj>() || stmt.as<ir::IfObj>() ||
                   stmt.as<ir::WhileObj>() ||
                   (loop && !loop->attrs.count(lower::cuda::kThreadLevel));
    if (uniform) return AnalyzedMutator::MutateStmt(stmt);
    Visit(stmt, nullptr);
    return stmt;
  }

  void Declare(const ir::Buffer& buffer) {
    if (buffer.IsScope(ir::scope::kShared)) problem_->shared.push_back(buffer);
    if (!buffer.IsScope(ir::scope::kFragment)) return;
    problem_->fragments.push_back(buffer);
    if (ConstSize(buffer->shape) <= 0) Refuse(buffer, "its extents are not constant");
  }

  void OnView(const ir::ViewObj* view) {
    const bool fragment = view->source.IsScope(ir::scope::kFragment);
    if (fragment && view->buffer.IsScope(ir::scope::kLocal)) {
      problem_->decided.insert(view->source.get());
      return;
    }
    if (view->buffer.IsScope(ir::scope::kFragment)) problem_->views.push_back(view->buffer);
    for (const ir::Buffer& b : {view->buffer, view->source}) Refuse(b, "it has a view");
  }

  void OnLayout(const ir::AnnotateObj* note) {
    const ir::Buffer& buffer = note->target.value();
    auto fragment = note->value.as<layout::Fragment>();
    if (fragment && (*fragment)->num_threads > context_.threads) {
      Throw(buffer, note->span, "threads that the block does not have",
            "at most " + std::to_string(context_.threads) + " threads",
            fragment->ToString() + " on " + std::to_string((*fragment)->num_threads) + " threads");
    }
    auto [it, added] = problem_->given.emplace(buffer.get(), note);
    if (added || ffi::StructuralEqual::Equal(it->second->value, note->value)) return;
    Throw(buffer, note->span, "two layouts that contradict each other",
          Text(it->second) + ", as annotated before", Text(note));
  }

  static std::string Text(const ir::AnnotateObj* note) {
    auto fragment = note->value.as<layout::Fragment>();
    std::string text = fragment ? fragment->ToString() : "another layout";
    const support::SourceLocation at = ir::ToLocation(note->span);
    return text + " at " + at.file + ":" + std::to_string(at.line);
  }

  [[noreturn]] static void Throw(const ir::Buffer& buffer, const ir::Span& span,
                                 const std::string& what, const std::string& expected,
                                 const std::string& got) {
    support::UserError("LayoutConflictError")
        .Message("`" + std::string(buffer->name) + "` is annotated with " + what)
        .Expected(expected)
        .Got(got)
        .Remedy(
            "keep one T.annotate_layout for the buffer, over the threads of T.Kernel; copy to a "
            "second fragment for a second layout")
        .At(ir::ToLocation(span))
        .Throw();
  }

  void OnLoop(const ir::ParallelObj* box) {
    const int64_t points = ConstSize(box->extents);
    LoopProblem loop;
    loop.loop = box;
    const bool tabled = points > 0 && points <= ir::kMaxMappedPoints;
    if (tabled) loop.box = ConstExtents(box->extents);
    Visit(box->body, tabled ? &loop : nullptr);
    if (!tabled) return;
    loop.replicable = IsReplicable(box->body);
    loop.combines = UpdatesReducers(box->body);
    auto given = box->attrs.find("loop_layout");
    if (given != box->attrs.end()) loop.given = (*given).second.as<layout::Fragment>();
    if (!loop.given) loop.vector = MaxVector(box, context_);
    problem_->loops.push_back(std::move(loop));
  }

  void OnOp(const ir::TileOp& op) {
    problem_->ops.push_back({op, lower::cuda::LayoutDemandsOf(op, context_)});
    VisitIndices(op);
    if (lower::cuda::TakesAnyLayout(op)) return RefuseMovingParts(op);
    const std::vector<lower::cuda::LayoutDemand>& demands = problem_->ops.back().demands;
    struct Walker : ir::Visitor {
      std::vector<ir::Buffer> operands;
      void VisitBuffer(const ir::Buffer& b) override { operands.push_back(b); }
    } walker;
    walker.VisitStmt(op);
    for (const ir::Buffer& b : walker.operands) {
      const bool demanded = std::any_of(demands.begin(), demands.end(), [&](const auto& d) {
        return d.fragment && d.buffer.same_as(b);
      });
      if (!demanded) Refuse(b, "T." + op::GetOpInfo(op).name + " works on it in shared memory");
    }
  }

  // Operators in registers need to know at compile time which.
  void RefuseMovingParts(const ir::TileOp& op) {
    struct Walker : ir::Visitor {
      Collector* self;
      void VisitRegion(const ir::Region& region) override {
        for (const auto& bounds : {region->mins, region->extents}) {
          for (const ir::Expr& bound : bounds) {
            if (!ir::AsConstInt(bound)) self->Refuse(region->buffer, "a part of it moves");
          }
        }
      }
    } walker;
    walker.self = this;
    walker.VisitStmt(op);
  }

  // Elements that the bounds of an operator's regions read.
  void VisitIndices(const ir::TileOp& op) {
    struct Walker : ir::Visitor {
      Collector* self;
      void VisitRegion(const ir::Region& region) override {
        self->Visit(region->mins, nullptr);
        self->Visit(region->extents, nullptr);
      }
    } walker;
    walker.self = this;
    walker.VisitStmt(op);
  }

  void Refuse(const ir::Buffer& buffer, const std::string& reason) {
    if (buffer.IsScope(ir::scope::kFragment)) problem_->refused.emplace(buffer.get(), reason);
  }

  // All accesses below `root`, which is the body of `loop` or of the whole block.
  void Visit(const ffi::Any& root, LoopProblem* loop) {
    struct Walker : ir::Visitor {
      Collector* self;
      LoopProblem* loop;
      void VisitExpr(const ir::Expr& e) override {
        if (const auto* load = e.as<ir::LoadObj>()) {
          self->Use(load->buffer, load->indices, false, loop);
        }
        if (const auto* address = e.as<ir::AddressOfObj>()) {
          self->Refuse(address->buffer, "its address is taken");
          self->problem_->addressed.insert(address->buffer.get());
        }
        VisitFields(e);
      }
      void VisitStmt(const ir::Stmt& s) override {
        const auto* store = s.as<ir::StoreObj>();
        if (store) self->Use(store->buffer, store->indices, true, loop);
        VisitFields(s);
      }
      void VisitRegion(const ir::Region& region) override {
        self->Refuse(region->buffer, "single threads work on parts of it");
        VisitFields(region);
      }
    } walker;
    walker.self = this;
    walker.loop = loop;
    walker.Visit(root);
  }

  void Use(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices, bool write,
           LoopProblem* loop) {
    if (!buffer.IsScope(ir::scope::kFragment) || problem_->refused.count(buffer.get())) return;
    if (!loop) return Refuse(buffer, "it is accessed outside T.Parallel loops of constant extents");
    auto map = PointMapOf(loop->loop, buffer, indices);
    if (!map) return Refuse(buffer, "an index is more than a function of T.Parallel's variables");
    if (!layout::StaysInside(*map)) return Refuse(buffer, "an index leaves it");
    loop->accesses.push_back({buffer, *map, write});
  }

  LayoutProblem* problem_;
  lower::cuda::Context context_;
};

}  // namespace

std::optional<layout::PointMap> PointMapOf(const ir::ParallelObj* box, const ir::Buffer& buffer,
                                           const ffi::Array<ir::Expr>& indices) {
  layout::PointMap map{box->vars, ConstExtents(box->extents), {}, ConstExtents(buffer->shape)};
  for (const ir::Expr& index : indices) {
    layout::PointIndex at;
    const int64_t* constant = ir::AsConstInt(index);
    for (size_t d = 0; d < box->vars.size(); ++d) {
      if (index.same_as(box->vars[d])) at.coord = static_cast<int64_t>(d);
    }
    if (constant) {
      at.constant = *constant;
    } else if (at.coord < 0) {
      if (!DependsOnPointOnly(index, box)) return std::nullopt;
      at.expr = index;
    }
    map.indices.push_back(at);
  }
  return map;
}

bool IsReplicable(const ir::Stmt& body) {
  struct Walker : ir::Visitor {
    std::vector<const ir::BufferObj*> loaded, stored;
    bool plain = true;
    void VisitExpr(const ir::Expr& e) override {
      const auto* load = e.as<ir::LoadObj>();
      if (load && IsVisible(load->buffer)) loaded.push_back(load->buffer.get());
      if (const auto* call = e.as<ir::CallObj>()) {
        const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
        plain = plain && decl && decl->effect != ir::Effect::kState;
      }
      VisitFields(e);
    }
    void VisitStmt(const ir::Stmt& s) override {
      const auto* store = s.as<ir::StoreObj>();
      if (store && IsVisible(store->buffer)) stored.push_back(store->buffer.get());
      plain = plain && !s.as<ir::TileOpObj>();
      VisitFields(s);
    }
  } walker;
  walker.VisitStmt(body);
  for (const auto* buffer : walker.stored) {
    bool also =
        std::find(walker.loaded.begin(), walker.loaded.end(), buffer) != walker.loaded.end();
    walker.plain = walker.plain && !also;
  }
  return walker.plain;
}

LayoutProblem CollectLayoutProblem(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  LayoutProblem problem;
  Collector(&problem, context).Run(func, context);
  return problem;
}

}  // namespace tilescale::pass
