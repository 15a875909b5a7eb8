#include "cc/pass/distribute_parallel.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <unordered_map>
#include <unordered_set>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/linear.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

using BufferMap = std::unordered_map<const ir::BufferObj*, ir::Buffer>;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

bool HasEffect(const ir::Expr& e) {
  bool found = false;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const auto* call = x.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    found = found || (call && (!decl || decl->effect == ir::Effect::kState));
  });
  return found;
}

// One loop as a thread runs it. `block` numbers the vectors of the loop, `lane` an element of one.
struct Deal {
  const ir::ParallelObj* box;
  int64_t vector;
  ir::Var round;
  ir::Expr lane;  // 0 if vector is 1
};

// The code of one thread for one point of a loop: fragments are registers, inner loops are serial.
class PointMutator : public ir::Mutator {
 public:
  PointMutator(const BufferMap& registers, const Deal& deal) : registers_(registers), deal_(deal) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    const auto* load = e.as<ir::LoadObj>();
    auto it = load ? registers_.find(load->buffer.get()) : registers_.end();
    return it == registers_.end() ? DefaultExpr(e) : ir::Expr(ir::Load(it->second, {Register()}));
  }
  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    if (const auto* inner = s.as<ir::ParallelObj>()) return Serial(inner);
    const auto* store = s.as<ir::StoreObj>();
    auto it = store ? registers_.find(store->buffer.get()) : registers_.end();
    if (it == registers_.end()) return DefaultStmt(s);
    return ir::Store(it->second, {Register()}, MutateExpr(store->value), s->span);
  }

 private:
  ir::Expr Register() const { return deal_.round * Int(deal_.vector) + deal_.lane; }

  ir::Stmt Serial(const ir::ParallelObj* inner) {
    ir::Stmt body = MutateStmt(inner->body);
    for (size_t i = inner->vars.size(); i-- > 0;) {
      body = lower::LoopOver(inner->vars[i], inner->extents[i], body, inner->span);
    }
    return body;
  }

  const BufferMap& registers_;
  const Deal& deal_;
};

// Replaces the accesses of a store by staged ones: see `Distributor::Vectorized`.
class Stager : public ir::Mutator {
 public:
  struct Stage {
    ir::Buffer buffer;
    ffi::Array<ir::Expr> indices;
    ir::Buffer staged;
  };
  std::vector<Stage> stages;

  Stager(const ir::Var& inner, const ir::Expr& lane, int64_t vector)
      : inner_(inner), lane_(lane), vector_(vector) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    const auto* load = e.as<ir::LoadObj>();
    if (!load || !Moves(load->buffer, load->indices)) return DefaultExpr(e);
    for (const Stage& stage : stages) {
      bool same = stage.buffer.same_as(load->buffer) &&
                  ffi::StructuralEqual::Equal(stage.indices, load->indices);
      if (same) return ir::Load(stage.staged, {lane_});
    }
    stages.push_back({load->buffer, load->indices, NewStage(load->buffer)});
    return ir::Load(stages.back().staged, {lane_});
  }
  bool Moves(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) const {
    bool moves = false;
    for (const ir::Expr& index : indices) moves = moves || Mentions(index, inner_.get());
    return IsVisible(buffer) && moves;
  }
  ir::Buffer NewStage(const ir::Buffer& like) const {
    return ir::Buffer(std::string(like->name) + "_v", like->dtype, {Int(vector_)}, {},
                      ir::scope::kLocal);
  }

 private:
  const ir::Var& inner_;
  const ir::Expr& lane_;
  int64_t vector_;
};

class Distributor : public ir::Mutator {
 public:
  explicit Distributor(const lower::cuda::Context& context) : context_(context) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    if (const auto* box = s.as<ir::ParallelObj>()) return Distribute(box);
    if (const auto* alloc = s.as<ir::AllocObj>()) return Declare(alloc, s);
    if (const auto* bind = s.as<ir::BindObj>()) CheckUniform(bind);
    const auto* loop = s.as<ir::ForObj>();
    if (loop && loop->attrs.count(lower::cuda::kThreadLevel)) {
      return ir::For(loop->var, loop->min, loop->extent, loop->step, loop->kind, loop->body, {},
                     loop->span);
    }
    const auto* store = s.as<ir::StoreObj>();
    if (store && IsVisible(store->buffer)) return OnFirstThread(s);
    const auto* effect = s.as<ir::EvaluateObj>();
    if (effect && !ByAllThreads(effect->value)) return OnFirstThread(s);
    return DefaultStmt(s);
  }

 private:
  static bool ByAllThreads(const ir::Expr& value) {
    const auto* call = value.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    return decl && decl->executors == ir::Executors::kAll;
  }

  ir::Stmt OnFirstThread(const ir::Stmt& s) const {
    return ir::If(ir::Equal(context_.thread, Int(0)), s, std::nullopt, s->span);
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

  ir::Stmt Declare(const ir::AllocObj* alloc, const ir::Stmt& s) {
    const ir::Buffer& buffer = alloc->buffer;
    if (!buffer.IsScope(ir::scope::kFragment)) {
      if (!IsVisible(buffer)) uniform_.insert(buffer.get());
      return s;
    }
    int64_t vector = VectorOf(buffer);
    int64_t count = RegistersFor(ConstSize(buffer->shape), vector, context_.threads);
    ir::Buffer array(buffer->name, buffer->dtype, {Int(count)}, {}, ir::scope::kLocal);
    registers_.emplace(buffer.get(), array);
    return ir::Alloc(array, std::nullopt, alloc->span);
  }

  int64_t VectorOf(const ir::Buffer& buffer) const {
    auto it = vectors_.find(buffer.get());
    return it == vectors_.end() ? 1 : it->second;
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
    auto it = box->attrs.find("vector");
    const int64_t vector = it == box->attrs.end() ? 1 : (*it).second.cast<int64_t>();
    ir::Var lane("lane", ir::dtype::Int(32));
    Deal deal{box, vector, ir::Var("round", ir::dtype::Int(32)), vector > 1 ? lane : Int(0)};
    ir::Stmt body =
        vector > 1
            ? Vectorized(deal, lane)
            : ir::Seq({Coordinates(deal), PointMutator(registers_, deal).MutateStmt(box->body)},
                      box->span);
    return Rounds(deal, body);
  }

  ir::Expr Blocks(const Deal& deal) const {
    ir::Expr count = Int(1);
    for (const ir::Expr& extent : deal.box->extents) count = count * extent;
    return deal.vector == 1 ? count : ir::FloorDiv(count, Int(deal.vector));
  }

  ir::Expr BlockNumber(const Deal& deal) const {
    return deal.round * Int(context_.threads) + context_.thread;
  }

  // The loop variables of the first element of a vector, by their names.
  ir::Stmt Coordinates(const Deal& deal) const {
    ffi::Array<ir::Stmt> binds;
    std::vector<ir::Expr> values;
    ir::Expr rest = BlockNumber(deal);
    for (size_t i = deal.box->vars.size(); i-- > 0;) {
      bool inner = i + 1 == deal.box->vars.size();
      ir::Expr extent = deal.box->extents[i];
      if (inner && deal.vector > 1) extent = ir::FloorDiv(extent, Int(deal.vector));
      ir::Expr value = i == 0 ? rest : ir::FloorMod(rest, extent);
      rest = ir::FloorDiv(rest, extent);
      if (inner && deal.vector > 1) value = value * Int(deal.vector);
      values.insert(values.begin(), value);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const ir::Var& var = deal.box->vars[i];
      binds.push_back(ir::Bind(var, ir::MakeCast(var.dtype(), values[i]), deal.box->span));
    }
    return ir::Seq(binds, deal.box->span);
  }

  // The body for each block of this thread; the last round may have too few for all threads.
  ir::Stmt Rounds(const Deal& deal, ir::Stmt body) const {
    ir::Expr blocks = Blocks(deal);
    const int64_t* count = ir::AsConstInt(blocks);
    const ir::Span& span = deal.box->span;
    body = Flat(body, span);
    if (!count || *count % context_.threads != 0) {
      body = ir::If(BlockNumber(deal) < blocks, body, std::nullopt, span);
    }
    if (count && *count <= context_.threads) {
      return ir::Substitute(body, {{deal.round.get(), Int(0)}});
    }
    ir::Expr rounds = ir::CeilDiv(blocks, Int(context_.threads));
    auto kind = count ? ir::ForKind::kUnroll : ir::ForKind::kSerial;
    return ir::For(deal.round, Int(0), rounds, Int(1), kind, body, {}, span);
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

  static ir::Stmt Move(const ir::Expr& to, const ir::Expr& from, int64_t bytes,
                       const ir::Span& span) {
    ir::Expr call =
        ir::MakeCall("cuda.copy_vector", {to, from}, {{"bytes", bytes}}, ir::dtype::Int(32));
    return ir::Evaluate(call, span);
  }

  // Whole vectors go from memory to arrays of registers and back; the computation between is done
  // element by element.
  ir::Stmt Vectorized(const Deal& deal, const ir::Var& lane) const {
    const ir::ParallelObj* box = deal.box;
    const ir::Span& span = box->span;
    ir::Stmt only = box->body;
    while (const auto* seq = only.as<ir::SeqObj>()) only = seq->stmts[0];
    const auto* store = only.as<ir::StoreObj>();
    const ir::Var& inner = box->vars.back();
    Stager stager(inner, deal.lane, deal.vector);
    ir::Expr value = stager.MutateExpr(store->value);
    value = PointMutator(registers_, deal).MutateExpr(value);
    value = ir::Substitute(value, {{inner.get(), ir::Expr(inner) + lane}});
    ffi::Array<ir::Stmt> stmts = {Coordinates(deal)};
    for (const Stager::Stage& stage : stager.stages) {
      stmts.push_back(ir::Alloc(stage.staged, std::nullopt, span));
      stmts.push_back(Move(ir::AddressOf(stage.staged, {Int(0)}),
                           ir::AddressOf(stage.buffer, stage.indices),
                           deal.vector * ir::dtype::Bytes(stage.buffer->dtype), span));
    }
    bool staged = IsVisible(store->buffer);
    ir::Buffer out = staged ? stager.NewStage(store->buffer) : store->buffer;
    ir::Stmt element = ir::Store(out, {ir::Expr(lane)}, value, span);
    if (staged) {
      stmts.push_back(ir::Alloc(out, std::nullopt, span));
    } else {
      ir::Expr at = deal.round * Int(deal.vector) + deal.lane;
      element = ir::Store(registers_.at(store->buffer.get()), {at}, value, span);
    }
    stmts.push_back(
        ir::For(lane, Int(0), Int(deal.vector), Int(1), ir::ForKind::kUnroll, element, {}, span));
    if (staged) {
      stmts.push_back(Move(ir::AddressOf(store->buffer, store->indices),
                           ir::AddressOf(out, {Int(0)}),
                           deal.vector * ir::dtype::Bytes(store->buffer->dtype), span));
    }
    return ir::Seq(stmts, span);
  }

 public:
  // Fragments have the vector length of the loops that access them.
  void FindVectors(const ir::Stmt& body) {
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const auto* box = s.as<ir::ParallelObj>();
      if (!box || box->attrs.count("vector") == 0) return;
      struct Walker : ir::Visitor {
        std::unordered_map<const ir::BufferObj*, int64_t>* vectors;
        int64_t vector;
        void VisitBuffer(const ir::Buffer& buffer) override {
          if (buffer.IsScope(ir::scope::kFragment)) (*vectors)[buffer.get()] = vector;
        }
      } walker;
      walker.vectors = &vectors_;
      walker.vector = box->attrs.at("vector").cast<int64_t>();
      walker.VisitStmt(box->body);
    });
  }

 private:
  const lower::cuda::Context& context_;
  BufferMap registers_;
  std::unordered_map<const ir::BufferObj*, int64_t> vectors_;
  // Scalars and arrays that all threads compute alike.
  std::unordered_set<const ir::BufferObj*> uniform_;
};

}  // namespace

ir::PrimFunc DistributeParallel(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  Distributor distributor(context);
  distributor.FindVectors(func->body);
  return func.WithBody(distributor.MutateStmt(func->body));
}

}  // namespace tilescale::pass
