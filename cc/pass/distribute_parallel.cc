#include "cc/pass/distribute_parallel.h"

#include <algorithm>
#include <unordered_set>

#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/linear.h"
#include "cc/pass/loop_form.h"
#include "cc/pass/point_code.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

bool HasEffect(const ir::Expr& e) {
  bool found = false;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const auto* call = x.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    const bool block = decl && decl->value_of == ir::ValueOf::kBlock;
    found = found || (call && !block && (!decl || decl->effect == ir::Effect::kState));
  });
  return found;
}

// The warp that alone carries out a statement.
std::optional<int64_t> WarpOf(const ir::Stmt& s) {
  const auto* effect = s.as<ir::EvaluateObj>();
  const auto* call = effect ? effect->value.as<ir::CallObj>() : nullptr;
  if (!call) return std::nullopt;
  auto warp = call->attrs.find("warp");
  if (warp == call->attrs.end()) return std::nullopt;
  return (*warp).second.cast<int64_t>();
}

// Guards what a warp alone carries out of the code of single threads.
class WarpFilter : public ir::Mutator {
 public:
  explicit WarpFilter(const lower::cuda::Context& context) : context_(context) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    auto warp = WarpOf(s);
    if (!warp) return DefaultStmt(s);
    ir::Expr own = ir::FloorDiv(context_.thread, Int(lower::cuda::kWarpSize));
    return ir::If(ir::Equal(own, Int(*warp)), s, std::nullopt, s->span);
  }

 private:
  const lower::cuda::Context& context_;
};

class Distributor : public AnalyzedMutator {
 public:
  Distributor(const ir::Stmt& body, const lower::cuda::Context& context)
      : context_(context), layouts_(body) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    if (const auto* box = s.as<ir::ParallelObj>()) {
      return WarpFilter(context_).MutateStmt(Distribute(box));
    }
    if (const auto* alloc = s.as<ir::AllocObj>()) return Declare(alloc, s);
    if (IsLayoutOnly(s)) return ir::Seq(ffi::Array<ir::Stmt>());
    if (const auto* bind = s.as<ir::BindObj>()) CheckUniform(bind);
    const auto* loop = s.as<ir::ForObj>();
    if (loop && loop->attrs.count(lower::cuda::kThreadLevel)) {
      return ir::For(loop->var, loop->min, loop->extent, loop->step, loop->kind,
                     WarpFilter(context_).MutateStmt(loop->body), {}, loop->span);
    }
    const auto* store = s.as<ir::StoreObj>();
    if (store && IsVisible(store->buffer)) return OnFirstThread(s);
    const auto* effect = s.as<ir::EvaluateObj>();
    if (effect && !ByAllThreads(effect->value)) return OnFirstThread(s);
    return AnalyzedMutator::MutateStmt(s);
  }

 private:
  // What only told where fragments are.
  static bool IsLayoutOnly(const ir::Stmt& s) {
    const auto* view = s.as<ir::ViewObj>();
    if (view) return view->source.IsScope(ir::scope::kFragment);
    const auto* note = s.as<ir::AnnotateObj>();
    return note && note->key == "layout" && note->value.as<layout::Fragment>();
  }

  static bool ByAllThreads(const ir::Expr& value) {
    const auto* call = value.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    return decl && decl->executors != ir::Executors::kOne;
  }

  // The block's, or that of the warp that the user names.
  ir::Stmt OnFirstThread(const ir::Stmt& s) const {
    const int64_t first = WarpOf(s).value_or(0) * lower::cuda::kWarpSize;
    return ir::If(ir::Equal(context_.thread, Int(first)), s, std::nullopt, s->span);
  }

  // A value that changes memory would be computed by each thread.
  static void CheckUniform(const ir::BindObj* bind) {
    const auto* call = bind->value.as<ir::CallObj>();
    bool thread = call && call->op == "get_thread_binding";
    if (thread || !HasEffect(bind->value)) return;
    support::UserError("IntrinsicNotOnTargetError")
        .Message("the CUDA target cannot use the result of an atomic outside T.Parallel loops")
        .Expected("an operation with effects inside a T.Parallel loop")
        .Got("`" + std::string(bind->var->name) + "`, which every thread of the block needs")
        .Remedy("move it into `for i in T.Parallel(1):` and keep the result in a shared buffer")
        .At(ir::ToLocation(bind->span))
        .Throw();
  }

  // A fragment becomes the registers of one thread.
  ir::Stmt Declare(const ir::AllocObj* alloc, const ir::Stmt& s) {
    const ir::Buffer& buffer = alloc->buffer;
    if (!buffer.IsScope(ir::scope::kFragment)) {
      if (!IsVisible(buffer)) uniform_.insert(buffer.get());
      return s;
    }
    const ir::Buffer* registers = layouts_.FindRegisters(buffer);
    TILESCALE_CHECK(registers, "no registers of fragment " << buffer->name);
    return ir::Alloc(*registers, std::nullopt, alloc->span);
  }

  // A scalar of the block that single iterations change would differ between threads.
  void CheckPrivate(const ir::ParallelObj* box) const {
    ir::ForEachStmt(box->body, [&](const ir::Stmt& s) {
      const auto* store = s.as<ir::StoreObj>();
      if (!store || !uniform_.count(store->buffer.get())) return;
      support::UserError("IntrinsicNotOnTargetError")
          .Message("iterations of T.Parallel change `" + std::string(store->buffer->name) +
                   "`, of which each thread of the CUDA target has its own")
          .Expected("a fragment or shared buffer, or an allocation inside the loop")
          .Got("a " + std::string(store->buffer->scope) + " buffer allocated outside the loop")
          .Remedy("allocate it with T.alloc_fragment, or inside the loop")
          .At(ir::ToLocation(store->span))
          .Throw();
    });
  }

  ir::Stmt Distribute(const ir::ParallelObj* box) {
    CheckPrivate(box);
    const bool mapped = box->attrs.count("loop_layout") > 0;
    LoopForm form(box, mapped ? 1 : MaxVector(box, context_), context_);
    std::vector<StagedAccess> stages = Stages(box, std::min(form.Contiguous(), AllowedVector(box)));
    int64_t group = form.layout() ? 1 : form.Contiguous();
    for (const StagedAccess& stage : stages) group = std::max(group, stage.vector);
    for (StagedAccess& stage : stages) stage.staged = StagedArray(stage, group);
    ir::Var round("round", ir::dtype::Int(32)), lane("lane", ir::dtype::Int(32));
    LoopPlace place{
        box, form.layout(), group, round, group > 1 ? ir::Expr(lane) : Int(0), First(box, form)};
    ir::Stmt body = group > 1 ? GroupCode(place, stages, lane) : PointCode(place);
    body = ir::Seq({Coordinates(place, form), body}, box->span);
    return Rounds(place, form, Flat(body, box->span));
  }

  // The thread that stores, unless the whole loop is its alone: see `Rounds`.
  static std::optional<ir::Expr> First(const ir::ParallelObj* box, const LoopForm& form) {
    return StoresOnly(box->body) ? std::nullopt : form.First();
  }

  // Whether the body does nothing but change memory.
  static bool StoresOnly(const ir::Stmt& body) {
    bool only = true;
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const auto* store = s.as<ir::StoreObj>();
      if (store && store->buffer.IsScope(ir::scope::kFragment)) only = false;
    });
    return only;
  }

  // Accesses that can be made for several elements at once, each with its vector length.
  std::vector<StagedAccess> Stages(const ir::ParallelObj* box, int64_t most) {
    std::vector<StagedAccess> stages;
    const int64_t* extent = ir::AsConstInt(box->extents.back());
    if (most == 1 || !extent) return stages;
    auto scope = analyzer()->Enter();
    for (size_t i = 0; i < box->vars.size(); ++i) {
      const ir::Expr& size = box->extents[i];
      analyzer()->BindLoop(box->vars[i], ir::MakeInt(size.dtype(), 0), size);
    }
    const ir::Var& inner = box->vars.back();
    for (const VectorCandidate& access : VectorCandidates(box->body, inner)) {
      if (!IsVisible(access.buffer)) continue;
      const int64_t vector = VectorOf(access, inner, *extent, most, &layouts_, context_);
      if (vector > 1) stages.push_back({access, vector, access.buffer});
    }
    return stages;
  }

  static ir::Buffer StagedArray(const StagedAccess& stage, int64_t group) {
    const ir::Buffer& like = stage.access.buffer;
    return ir::Buffer(std::string(like->name) + "_v", like->dtype, {Int(group)}, {},
                      ir::scope::kLocal);
  }

  // The loop variables at the start of a group, by their names.
  static ir::Stmt Coordinates(const LoopPlace& place, const LoopForm& form) {
    ffi::Array<ir::Stmt> binds;
    std::vector<ir::Expr> start = form.Start(place.round, place.group);
    for (size_t i = 0; i < start.size(); ++i) {
      const ir::Var& var = place.box->vars[i];
      binds.push_back(ir::Bind(var, ir::MakeCast(var.dtype(), start[i]), place.box->span));
    }
    return ir::Seq(binds, place.box->span);
  }

  // The body for each group of this thread, as far as it exists.
  ir::Stmt Rounds(const LoopPlace& place, const LoopForm& form, ir::Stmt body) const {
    const ir::Span& span = place.box->span;
    std::optional<ir::Expr> guard = form.Guard(place.round, place.group);
    auto first = place.first ? std::nullopt : form.First();
    if (first) guard = guard ? *guard && *first : *first;
    const auto* round = place.round.as<ir::VarObj>();
    const bool varies = guard && Mentions(*guard, round);
    if (varies) body = ir::If(*guard, body, std::nullopt, span);
    body = Repeat(place, form.Groups(place.group), body);
    return guard && !varies ? ir::If(*guard, body, std::nullopt, span) : body;
  }

  static ir::Stmt Repeat(const LoopPlace& place, const ir::Expr& rounds, const ir::Stmt& body) {
    const ir::Var round = place.round.as_or_throw<ir::Var>();
    if (ir::IsConstInt(rounds, 1)) return ir::Substitute(body, {{round.get(), Int(0)}});
    auto kind = ir::AsConstInt(rounds) ? ir::ForKind::kUnroll : ir::ForKind::kSerial;
    return ir::For(round, Int(0), rounds, Int(1), kind, body, {}, place.box->span);
  }

  // One sequence, so that the coordinates are declared where they are used.
  static ir::Stmt Flat(const ir::Stmt& s, const ir::Span& span) {
    ffi::Array<ir::Stmt> flat;
    const auto* seq = s.as<ir::SeqObj>();
    if (!seq) return s;
    for (const ir::Stmt& child : seq->stmts) {
      const auto* inner = child.as<ir::SeqObj>();
      if (!inner) {
        flat.push_back(child);
        continue;
      }
      for (const ir::Stmt& x : inner->stmts) flat.push_back(x);
    }
    return ir::Seq(flat, span);
  }

  ir::Stmt PointCode(const LoopPlace& place) {
    return PointMutator(layouts_, &finder_, place).MutateStmt(place.box->body);
  }

  // Whole vectors go from memory to arrays of registers and back; the computation between is done
  // element by element.
  ir::Stmt GroupCode(const LoopPlace& place, const std::vector<StagedAccess>& stages,
                     const ir::Var& lane) {
    const ir::Span& span = place.box->span;
    const ir::Var& inner = place.box->vars.back();
    ir::Stmt element = Stager(stages, place.lane).MutateStmt(place.box->body);
    element = PointMutator(layouts_, &finder_, place).MutateStmt(element);
    ir::Expr here = ir::Expr(inner) + ir::MakeCast(inner.dtype(), lane);
    element = ir::Substitute(element, {{inner.get(), here}});
    ffi::Array<ir::Stmt> stmts, behind;
    for (const StagedAccess& stage : stages) {
      stmts.push_back(ir::Alloc(stage.staged, std::nullopt, span));
      for (int64_t at = 0; at < place.group; at += stage.vector) {
        const bool first = stage.access.kind == AccessKind::kLoad;
        (first ? stmts : behind).push_back(Move(stage, at, place, span));
      }
    }
    stmts.push_back(
        ir::For(lane, Int(0), Int(place.group), Int(1), ir::ForKind::kUnroll, element, {}, span));
    for (const ir::Stmt& s : behind) stmts.push_back(s);
    return ir::Seq(stmts, span);
  }

  // One vector between memory and registers.
  static ir::Stmt Move(const StagedAccess& stage, int64_t at, const LoopPlace& place,
                       const ir::Span& span) {
    ffi::Array<ir::Expr> indices = stage.access.indices;
    const ir::Expr& last = indices.back();
    if (at > 0) indices.Set(indices.size() - 1, last + ir::MakeInt(last.dtype(), at));
    const bool write = stage.access.kind != AccessKind::kLoad;
    ir::Stmt move = MoveVector(stage, indices, at, span);
    return write && place.first ? ir::If(*place.first, move, std::nullopt, span) : move;
  }

  const lower::cuda::Context& context_;
  const lower::cuda::Layouts layouts_;
  RegisterFinder finder_{layouts_};
  // Scalars and arrays that all threads compute alike.
  std::unordered_set<const ir::BufferObj*> uniform_;
};

}  // namespace

ir::PrimFunc DistributeParallel(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return Distributor(func->body, context).Run(func, context);
}

}  // namespace tilescale::pass
