#include "cc/pass/divergence.h"

#include <tvm/ffi/cast.h>

#include <algorithm>

#include "cc/arith/evaluate.h"
#include "cc/ir/intrinsic.h"
#include "cc/ir/visitor.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

bool IsPrivate(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kVar) || buffer.IsScope(ir::scope::kLocal);
}

}  // namespace

class AgreementFinder : public ir::Visitor {
 public:
  explicit AgreementFinder(const Divergence* self) : self_(self) {}

  Agreement found = Agreement::kBlock;

  void VisitExpr(const ir::Expr& e) override {
    if (found == Agreement::kThread) return;
    if (IsOf(e, self_->thread_)) {
      found = std::max(found, self_->Try(e));
      return;
    }
    if (const auto* call = e.as<ir::CallObj>()) {
      found = std::max(found, OfCall(call, e));
      return;
    }
    const auto* load = e.as<ir::LoadObj>();
    const auto* address = e.as<ir::AddressOfObj>();
    if (load) Look(load->buffer.get());
    if (address) Look(address->buffer.get());
    Look(e.get());
    VisitFields(e);
  }

 private:
  Agreement OfCall(const ir::CallObj* call, const ir::Expr& e) const {
    const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
    if (!decl) return Agreement::kThread;
    if (decl->value_of == ir::ValueOf::kBlock) return Agreement::kBlock;
    if (OfWarp(decl, call)) return Agreement::kWarp;
    const bool own = decl->executors == ir::Executors::kAll && decl->effect != ir::Effect::kPure;
    if (own) return Agreement::kThread;
    AgreementFinder arguments(self_);
    arguments.VisitFields(e);
    return arguments.found;
  }

  bool OfWarp(const ir::Intrinsic* decl, const ir::CallObj* call) const {
    if (!ir::ActsOnWholeWarps(call)) return false;
    if (decl->value_of == ir::ValueOf::kWarp) return true;
    if (decl->value_of != ir::ValueOf::kLane) return false;
    AgreementFinder lane(self_);
    lane.VisitExpr(ir::Call::Arg(call, 1));
    return lane.found != Agreement::kThread &&
           ir::IsConstInt(ir::Call::Arg(call, 2), lower::cuda::kWarpSize);
  }

  void Look(const ffi::Object* name) {
    auto it = self_->names_.find(name);
    if (it != self_->names_.end()) found = std::max(found, it->second);
  }

  const Divergence* self_;
};

// One round: what follows from what is known.
class DivergenceWalker : public ir::Visitor {
 public:
  explicit DivergenceWalker(Divergence* self) : self_(self) {}

  bool grew = false;

  void VisitExpr(const ir::Expr& e) override {
    if (const auto* call = e.as<ir::CallObj>()) VisitCall(call);
    VisitFields(e);
  }

  void VisitStmt(const ir::Stmt& s) override {
    if (const auto* bind = s.as<ir::BindObj>()) Bind(bind);
    const auto* alloc = s.as<ir::AllocObj>();
    if (alloc && alloc->init.has_value()) Write(alloc->buffer, self_->Of(alloc->init.value()));
    if (const auto* store = s.as<ir::StoreObj>()) {
      Write(store->buffer, std::max(self_->Of(store->value), self_->Of(store->indices)));
    }
    // Threads that leave a loop take no part in the rest of it.
    const bool leaves = s.as<ir::BreakObj>() || s.as<ir::ContinueObj>();
    if (leaves && loop_) Raise(loop_, in_loop_);
    Enter(s);
  }

 private:
  void Raise(const ffi::Object* name, Agreement agreement) {
    Agreement& known = self_->names_.emplace(name, Agreement::kBlock).first->second;
    grew = grew || agreement > known;
    known = std::max(known, agreement);
  }

  // What is written where only some threads come differs, whatever it is.
  void Write(const ir::Buffer& buffer, Agreement value) {
    if (IsPrivate(buffer)) Raise(buffer.get(), std::max(value, under_));
  }

  void Bind(const ir::BindObj* bind) {
    // The question for the thread's number itself, whatever it looks like.
    if (bind->var.same_as(self_->thread_)) return;
    ir::Expr value = ir::Substitute(bind->value, self_->values_);
    if (IsOf(value, self_->thread_)) self_->values_.insert_or_assign(bind->var.get(), value);
    Raise(bind->var.get(), self_->Of(value));
  }

  // What a call writes through addresses into private memory is like its result.
  void VisitCall(const ir::CallObj* call) {
    const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
    const Agreement result = self_->Of(ffi::GetRef<ir::Expr>(call));
    for (size_t i = 0; i < call->args.size(); ++i) {
      const auto* address = call->args[i].as<ir::AddressOfObj>();
      const ir::MemoryUse use = decl ? decl->Use(i) : ir::MemoryUse::kReadWrite;
      const bool writes = use != ir::MemoryUse::kRead && use != ir::MemoryUse::kNone;
      if (address && writes) Write(address->buffer, result);
    }
  }

  void Enter(const ir::Stmt& s) {
    const bool points = s.as<ir::ParallelObj>() != nullptr;
    const Agreement control = points ? Agreement::kThread : self_->OfControl(s);
    const auto* loop = s.as<ir::ForObj>();
    const bool repeats = loop || s.as<ir::WhileObj>();
    if (loop) Raise(loop->var.get(), control);
    const Agreement under = under_, in_loop = in_loop_;
    const ffi::Object* outer = loop_;
    under_ = std::max(under_, control);
    in_loop_ = repeats ? Agreement::kBlock : std::max(in_loop_, control);
    if (repeats) loop_ = s.get();
    VisitFields(s);
    under_ = under;
    in_loop_ = in_loop;
    loop_ = outer;
  }

  Divergence* self_;
  // Who comes here; and who does of those that are in the innermost loop.
  Agreement under_ = Agreement::kBlock;
  Agreement in_loop_ = Agreement::kBlock;
  const ffi::Object* loop_ = nullptr;
};

Divergence::Divergence(const ir::Stmt& body, const lower::cuda::Context& context)
    : thread_(context.thread), threads_(context.threads) {
  // A value may reach an earlier statement through a loop.
  for (bool grew = true; grew;) {
    DivergenceWalker walker(this);
    walker.VisitStmt(body);
    grew = walker.grew;
  }
}

Agreement Divergence::Of(const ffi::Any& exprs) const {
  AgreementFinder finder(this);
  if (auto e = exprs.as<ir::Expr>()) {
    finder.VisitExpr(ir::Substitute(*e, values_));
  } else {
    for (const ir::Expr& e : exprs.cast<ffi::Array<ir::Expr>>()) {
      finder.VisitExpr(ir::Substitute(e, values_));
    }
  }
  return finder.found;
}

Agreement Divergence::OfControl(const ir::Stmt& s) const {
  if (const auto* branch = s.as<ir::IfObj>()) return Of(branch->cond);
  auto left = names_.find(s.get());
  const Agreement leaves = left == names_.end() ? Agreement::kBlock : left->second;
  if (const auto* loop = s.as<ir::WhileObj>()) return std::max(leaves, Of(loop->cond));
  const auto* loop = s.as<ir::ForObj>();
  if (!loop) return Agreement::kBlock;
  return std::max({leaves, Of(loop->min), Of(loop->extent), Of(loop->step)});
}

Agreement Divergence::Try(const ir::Expr& e) const {
  if (!Mentions(e, thread_.get())) return Agreement::kBlock;
  if (e.same_as(thread_)) return threads_ == 1 ? Agreement::kBlock : Agreement::kThread;
  arith::Point point;
  Agreement agreement = Agreement::kBlock;
  arith::Wide of_block = 0, of_warp = 0;
  for (int64_t thread = 0; thread < threads_; ++thread) {
    point[thread_] = thread;
    auto value = arith::Evaluate(e, point);
    if (!value) return Agreement::kThread;
    if (thread == 0) of_block = *value;
    if (thread % lower::cuda::kWarpSize == 0) of_warp = *value;
    if (*value != of_warp) return Agreement::kThread;
    if (*value != of_block) agreement = Agreement::kWarp;
  }
  return agreement;
}

}  // namespace tilescale::pass
