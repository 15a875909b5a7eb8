#include "cc/pass/insert_sync.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <unordered_map>
#include <vector>

#include "cc/ir/intrinsic.h"
#include "cc/ir/visitor.h"
#include "cc/lower/cuda/lowering.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

// Which threads carry an access out.
enum class Who {
  kAny,    // some threads, unknown which
  kFirst,  // the first thread alone
  kDealt,  // those to which a `Parallel` loop deals its points; see `indices`
};

struct Access {
  const ir::BufferObj* buffer;
  bool write;
  bool atomic;
  Who who;
  // kDealt: the loop's shape, its vector length, and for each dimension of the buffer the loop
  // variable's number (or -1 - c for the constant c). The map is one to one.
  std::vector<int64_t> indices;
};

// The accesses since the last barrier.
using Pending = std::vector<Access>;

bool SameThreads(const Access& a, const Access& b) {
  if (a.who != b.who || a.who == Who::kAny) return false;
  return a.indices == b.indices;
}

bool Conflict(const Access& a, const Access& b) {
  if (a.buffer != b.buffer || !(a.write || b.write)) return false;
  return !(a.atomic && b.atomic) && !SameThreads(a, b);
}

bool Conflicts(const Pending& before, const Pending& now) {
  for (const Access& a : before) {
    for (const Access& b : now) {
      if (Conflict(a, b)) return true;
    }
  }
  return false;
}

bool Same(const Access& a, const Access& b) {
  return a.buffer == b.buffer && a.write == b.write && a.atomic == b.atomic && a.who == b.who &&
         a.indices == b.indices;
}

void Join(Pending* to, const Pending& from) {
  for (const Access& access : from) {
    bool known = false;
    for (const Access& old : *to) known = known || Same(old, access);
    if (!known) to->push_back(access);
  }
}

class SyncInserter {
 public:
  explicit SyncInserter(const ir::Stmt& body) {
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const auto* view = s.as<ir::ViewObj>();
      if (view) roots_.emplace(view->buffer.get(), view->source.get());
    });
  }

  ir::Stmt Run(const ir::Stmt& s, Pending* pending) {
    if (const auto* seq = s.as<ir::SeqObj>()) return RunSeq(seq, pending);
    if (const auto* grid = s.as<ir::TileLoopObj>()) {
      ir::Stmt body = Run(grid->body, pending);
      return ir::TileLoop(grid->vars, grid->extents, grid->threads, body, grid->attrs, grid->span);
    }
    const auto* loop = s.as<ir::ForObj>();
    if (loop && !loop->attrs.count(lower::cuda::kThreadLevel)) return RunFor(loop, pending);
    if (const auto* branch = s.as<ir::IfObj>()) return RunIf(branch, pending);
    if (const auto* repeat = s.as<ir::WhileObj>()) return RunWhile(repeat, pending);
    if (s.as<ir::BreakObj>() || s.as<ir::ContinueObj>()) {
      if (!leaving_.empty()) Join(&leaving_.back(), *pending);
      return s;
    }
    return Leaf(s, AccessesOf(s), pending);
  }

 private:
  static ir::Stmt Barrier(const ir::Span& span) {
    ir::Expr call = ir::MakeCall("sync_threads", {}, {}, ir::dtype::Int(32));
    return ir::Evaluate(call, span);
  }

  // The statement, behind a barrier if it needs one.
  static ir::Stmt Leaf(const ir::Stmt& s, const Pending& now, Pending* pending) {
    bool barrier = Conflicts(*pending, now);
    if (barrier) pending->clear();
    Join(pending, now);
    return barrier ? ir::Seq({Barrier(s->span), s}, s->span) : s;
  }

  ir::Stmt RunSeq(const ir::SeqObj* seq, Pending* pending) {
    ffi::Array<ir::Stmt> stmts;
    for (const ir::Stmt& child : seq->stmts) {
      ir::Stmt result = Run(child, pending);
      // A declaration stays visible to the statements behind it.
      const auto* pair = result.as<ir::SeqObj>();
      if (pair && !child.as<ir::SeqObj>()) {
        for (const ir::Stmt& s : pair->stmts) stmts.push_back(s);
      } else {
        stmts.push_back(result);
      }
    }
    return ir::Seq(stmts, seq->span);
  }

  // A body that is entered from before the loop and from its own end.
  ir::Stmt RunBody(const ir::Stmt& body, Pending* pending) {
    Pending entry = *pending;
    ir::Stmt result = body;
    // What is pending only grows, so that this ends; two rounds are the rule.
    for (size_t known = entry.size() + 1; known != entry.size();) {
      known = entry.size();
      leaving_.emplace_back();
      Pending exit = entry;
      result = Run(body, &exit);
      Join(&exit, leaving_.back());
      leaving_.pop_back();
      Join(&entry, exit);
    }
    *pending = entry;
    return result;
  }

  ir::Stmt RunFor(const ir::ForObj* loop, Pending* pending) {
    Pending bounds = Reads(ffi::Array<ir::Expr>{loop->min, loop->extent, loop->step});
    bool barrier = Conflicts(*pending, bounds);
    if (barrier) pending->clear();
    Join(pending, bounds);
    ir::Stmt body = RunBody(loop->body, pending);
    ir::Stmt result = ir::For(loop->var, loop->min, loop->extent, loop->step, loop->kind, body,
                              loop->attrs, loop->span);
    return barrier ? ir::Seq({Barrier(loop->span), result}, loop->span) : result;
  }

  ir::Stmt RunIf(const ir::IfObj* branch, Pending* pending) {
    Pending cond = Reads(ffi::Array<ir::Expr>{branch->cond});
    bool barrier = Conflicts(*pending, cond);
    if (barrier) pending->clear();
    Join(pending, cond);
    Pending otherwise = *pending;
    ir::Stmt then_body = Run(branch->then_body, pending);
    ffi::Optional<ir::Stmt> else_body = branch->else_body;
    if (branch->else_body.has_value()) else_body = Run(branch->else_body.value(), &otherwise);
    Join(pending, otherwise);
    ir::Stmt result = ir::If(branch->cond, then_body, else_body, branch->span);
    return barrier ? ir::Seq({Barrier(branch->span), result}, branch->span) : result;
  }

  // The condition is read before each iteration: it becomes a leaf of the body.
  ir::Stmt RunWhile(const ir::WhileObj* loop, Pending* pending) {
    if (Reads(ffi::Array<ir::Expr>{loop->cond}).empty()) {
      return ir::While(loop->cond, RunBody(loop->body, pending), loop->span);
    }
    ir::Stmt leave = ir::If(ir::MakeNot(loop->cond), ir::Break(), std::nullopt, loop->span);
    ir::Stmt body = ir::Seq({leave, loop->body}, loop->span);
    return ir::While(ir::MakeBool(true), RunBody(body, pending), loop->span);
  }

  const ir::BufferObj* Root(const ir::Buffer& buffer) const {
    const ir::BufferObj* root = buffer.get();
    for (auto it = roots_.find(root); it != roots_.end(); it = roots_.find(root)) {
      root = it->second;
    }
    return root;
  }

  Pending Reads(const ffi::Any& exprs) const { return Collect(exprs, nullptr, Who::kAny); }

  Pending AccessesOf(const ir::Stmt& s) const {
    const auto* box = s.as<ir::ParallelObj>();
    if (box) return Collect(s, box, Who::kDealt);
    bool first = s.as<ir::EvaluateObj>() != nullptr;
    const auto* store = s.as<ir::StoreObj>();
    if (store) first = IsVisible(store->buffer);
    return Collect(s, nullptr, first ? Who::kFirst : Who::kAny);
  }

  static bool IsVisible(const ir::Buffer& buffer) {
    return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
  }

  Pending Collect(const ffi::Any& root, const ir::ParallelObj* box, Who who) const {
    struct Walker : ir::Visitor {
      const SyncInserter* self;
      const ir::ParallelObj* box;
      Who who;
      Pending found;
      void Add(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices, bool write,
               bool atomic) {
        if (!IsVisible(buffer)) return;
        Access access{self->Root(buffer), write, atomic, who, {}};
        if (box && !Dealt(box, indices, &access.indices)) access.who = Who::kAny;
        // Parts of a buffer under another shape are not compared.
        if (self->Root(buffer) != buffer.get()) access.who = Who::kAny;
        Join(&found, {access});
      }
      void VisitExpr(const ir::Expr& e) override {
        if (const auto* load = e.as<ir::LoadObj>()) Add(load->buffer, load->indices, false, false);
        if (const auto* call = e.as<ir::CallObj>()) VisitCall(call);
        VisitFields(e);
      }
      void VisitCall(const ir::CallObj* call) {
        const std::string name(call->op);
        for (const ffi::Any& arg : call->args) {
          const auto* address = arg.as<ir::AddressOfObj>();
          if (address) Add(address->buffer, address->indices, true, name.rfind("atomic_", 0) == 0);
        }
      }
      void VisitStmt(const ir::Stmt& s) override {
        if (const auto* store = s.as<ir::StoreObj>()) {
          Add(store->buffer, store->indices, true, false);
        }
        VisitFields(s);
      }
    } walker;
    walker.self = this;
    walker.box = box;
    walker.who = who;
    walker.Visit(root);
    return walker.found;
  }

  // Whether each point of the box accesses an element of its own, at plain indices.
  static bool Dealt(const ir::ParallelObj* box, const ffi::Array<ir::Expr>& indices,
                    std::vector<int64_t>* key) {
    std::vector<bool> used(box->vars.size(), false);
    std::vector<int64_t> number(box->vars.size(), 0);
    int64_t count = 0;
    for (size_t i = 0; i < box->extents.size(); ++i) {
      const int64_t* extent = ir::AsConstInt(box->extents[i]);
      if (!extent) return false;
      used[i] = *extent == 1;
      // A dimension of extent 1 is always 0, and moves no thread.
      number[i] = used[i] ? -1 : count++;
      if (!used[i]) key->push_back(*extent);
    }
    auto vector = box->attrs.find("vector");
    key->push_back(vector == box->attrs.end() ? 1 : (*vector).second.cast<int64_t>());
    for (const ir::Expr& index : indices) {
      const int64_t* constant = ir::AsConstInt(index);
      if (constant && *constant >= 0) {
        key->push_back(-1 - *constant);
        continue;
      }
      size_t d = 0;
      while (d < box->vars.size() && !index.same_as(box->vars[d])) ++d;
      if (d == box->vars.size()) return false;
      used[d] = true;
      key->push_back(number[d]);
    }
    for (bool u : used) {
      if (!u) return false;
    }
    return true;
  }

  std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> roots_;
  // By loop: what is pending at its breaks and continues.
  std::vector<Pending> leaving_;
};

}  // namespace

ir::PrimFunc InsertSync(const ir::PrimFunc& func, const lower::cuda::Context&) {
  Pending pending;
  return func.WithBody(SyncInserter(func->body).Run(func->body, &pending));
}

}  // namespace tilescale::pass
