#include "cc/pass/divergence.h"

#include "cc/ir/intrinsic.h"
#include "cc/ir/visitor.h"

namespace tilescale::pass {
namespace {

bool IsPrivate(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kVar) || buffer.IsScope(ir::scope::kLocal) ||
         buffer.IsScope(ir::scope::kFragment);
}

// What each thread computes for itself.
bool DependsOnThread(const ir::Intrinsic* decl) {
  return !decl || decl->executors == ir::Executors::kAll;
}

}  // namespace

Divergence::Divergence(const ir::Stmt& body) {
  while (Grow(body)) {
  }
}

bool Divergence::IsDivergent(const ir::Expr& e) const {
  struct Finder : ir::Visitor {
    const std::unordered_set<const ffi::Object*>* names;
    bool found = false;
    void VisitExpr(const ir::Expr& x) override {
      const auto* call = x.as<ir::CallObj>();
      const auto* load = x.as<ir::LoadObj>();
      const auto* address = x.as<ir::AddressOfObj>();
      const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
      // The vote of a block is one value, whatever each thread votes.
      if (decl && decl->block_value) return;
      found = found || names->count(x.get()) > 0 || (call && DependsOnThread(decl)) ||
              (load && names->count(load->buffer.get()) > 0) ||
              (address && names->count(address->buffer.get()) > 0);
      VisitFields(x);
    }
  } finder;
  finder.names = &names_;
  finder.VisitExpr(e);
  return finder.found;
}

bool Divergence::IsDivergent(const ir::Stmt& s) const {
  if (const auto* branch = s.as<ir::IfObj>()) return IsDivergent(branch->cond);
  if (const auto* repeat = s.as<ir::WhileObj>()) return IsDivergent(repeat->cond);
  const auto* loop = s.as<ir::ForObj>();
  return loop && (IsDivergent(loop->min) || IsDivergent(loop->extent) || IsDivergent(loop->step));
}

// Adds what follows from the names known so far; false if nothing does.
bool Divergence::Grow(const ir::Stmt& body) {
  struct Walker : ir::Visitor {
    Divergence* self;
    int depth = 0;
    bool grew = false;
    void Add(const ffi::Object* name) { grew = self->names_.insert(name).second || grew; }
    // What a call writes through addresses into memory of the thread's own.
    void AddWritten(const ir::Expr& value) {
      const auto* call = value.as<ir::CallObj>();
      const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
      for (size_t i = 0; call && i < call->args.size(); ++i) {
        const auto* address = call->args[i].as<ir::AddressOfObj>();
        const bool reads = decl && decl->Use(i) == ir::MemoryUse::kRead;
        if (address && !reads && IsPrivate(address->buffer)) Add(address->buffer.get());
      }
    }
    void VisitExpr(const ir::Expr&) override {}
    void VisitStmt(const ir::Stmt& s) override {
      if (const auto* bind = s.as<ir::BindObj>()) {
        if (self->IsDivergent(bind->value)) Add(bind->var.get());
      }
      if (const auto* alloc = s.as<ir::AllocObj>()) {
        if (alloc->init.has_value() && self->IsDivergent(alloc->init.value())) {
          Add(alloc->buffer.get());
        }
      }
      const auto* store = s.as<ir::StoreObj>();
      if (store && IsPrivate(store->buffer)) {
        if (depth > 0 || self->IsDivergent(store->value)) Add(store->buffer.get());
      }
      const auto* effect = s.as<ir::EvaluateObj>();
      if (effect && (depth > 0 || self->IsDivergent(effect->value))) AddWritten(effect->value);
      const auto* loop = s.as<ir::ForObj>();
      const bool divergent = self->IsDivergent(s);
      if (loop && divergent) Add(loop->var.get());
      depth += divergent || s.as<ir::ParallelObj>() ? 1 : 0;
      VisitFields(s);
      depth -= divergent || s.as<ir::ParallelObj>() ? 1 : 0;
    }
  } walker;
  walker.self = this;
  walker.VisitStmt(body);
  return walker.grew;
}

}  // namespace tilescale::pass
