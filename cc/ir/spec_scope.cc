// Rules about names: what is declared, where it may be used, and in which memory it lives.
#include <set>
#include <unordered_set>

#include "cc/ir/schedule.h"
#include "cc/ir/spec.h"
#include "cc/ir/visitor.h"

namespace tilescale::ir {
namespace {

// Walks a function with the set of names in scope. Hooks are called for each use and declaration.
class ScopeWalker : public Visitor {
 public:
  std::function<void(const ffi::Object*, const std::string&, bool in_scope)> on_var, on_buffer;
  std::function<void(const ffi::Object*, const std::string&, bool again)> on_declare;

  void Walk(const PrimFunc& func) {
    for (const Var& symbol : func->symbols) Declare(symbol.get(), symbol->name);
    for (const ffi::Any& param : func->params) {
      if (auto buffer = param.as<Buffer>()) {
        Declare(buffer->get(), (*buffer)->name);
        Visit((*buffer)->shape);
        Visit((*buffer)->strides);
      } else if (auto var = param.as<Var>()) {
        // A scalar that is also a symbol is one name.
        if (!known_.count(var->get())) Declare(var->get(), (*var)->name);
      }
    }
    VisitStmt(func->body);
  }

  void VisitExpr(const Expr& e) override {
    if (const auto* var = e.as<VarObj>()) Use(on_var, var, var->name);
    VisitFields(e);
  }

  void VisitBuffer(const Buffer& buffer) override { Use(on_buffer, buffer.get(), buffer->name); }

  void VisitStmt(const Stmt& s) override {
    if (const auto* seq = s.as<SeqObj>()) return Scoped([&] { Statements(seq); });
    if (const auto* bind = s.as<BindObj>()) {
      VisitExpr(bind->value);
      return Declare(bind->var.get(), bind->var->name);
    }
    if (const auto* alloc = s.as<AllocObj>()) {
      if (alloc->init) VisitExpr(*alloc->init);
      return DeclareBuffer(alloc->buffer);
    }
    if (const auto* view = s.as<ViewObj>()) {
      VisitBuffer(view->source);
      return DeclareBuffer(view->buffer);
    }
    if (const auto* decl = s.as<DeclTensorObj>()) {
      VisitExpr(decl->address);
      return DeclareBuffer(decl->buffer);
    }
    VisitLoop(s);
  }

 private:
  void Statements(const SeqObj* seq) {
    for (const Stmt& s : seq->stmts) VisitStmt(s);
  }

  void VisitLoop(const Stmt& s) {
    if (const auto* loop = s.as<ForObj>()) {
      Visit(ffi::Array<Expr>{loop->min, loop->extent, loop->step});
      return Body({loop->var}, loop->body);
    }
    if (const auto* loop = s.as<PipelineObj>()) {
      Visit(ffi::Array<Expr>{loop->min, loop->extent, loop->step});
      return Body({loop->var}, loop->body);
    }
    if (const auto* loop = s.as<ParallelObj>()) {
      Visit(loop->extents);
      return Body(loop->vars, loop->body);
    }
    if (const auto* grid = s.as<TileLoopObj>()) {
      Visit(grid->extents);
      Visit(grid->threads);
      return Body(grid->vars, grid->body);
    }
    Scoped([&] { VisitFields(s); });
  }

  void Body(const ffi::Array<Var>& vars, const Stmt& body) {
    Scoped([&] {
      for (const Var& v : vars) Declare(v.get(), v->name);
      VisitStmt(body);
    });
  }

  template <typename Fn>
  void Scoped(Fn fn) {
    std::unordered_set<const ffi::Object*> saved = in_scope_;
    fn();
    in_scope_ = std::move(saved);
  }

  void DeclareBuffer(const Buffer& buffer) {
    Visit(buffer->shape);
    Visit(buffer->strides);
    Declare(buffer.get(), buffer->name);
  }

  void Declare(const ffi::Object* node, const std::string& name) {
    bool again = !known_.insert(node).second;
    if (on_declare) on_declare(node, name, again);
    in_scope_.insert(node);
  }

  template <typename Hook>
  void Use(const Hook& hook, const ffi::Object* node, const std::string& name) {
    if (hook) hook(node, name, in_scope_.count(node) > 0);
  }

  std::unordered_set<const ffi::Object*> in_scope_, known_;
};

void CheckVarsInScope(const PrimFunc& func, const Report& report) {
  ScopeWalker walker;
  walker.on_var = [&](const ffi::Object*, const std::string& name, bool in_scope) {
    if (!in_scope) report("variable " + name);
  };
  walker.Walk(func);
}

void CheckBuffersInScope(const PrimFunc& func, const Report& report) {
  ScopeWalker walker;
  walker.on_buffer = [&](const ffi::Object*, const std::string& name, bool in_scope) {
    if (!in_scope) report("buffer " + name);
  };
  walker.Walk(func);
}

void CheckDeclaredOnce(const PrimFunc& func, const Report& report) {
  ScopeWalker walker;
  walker.on_declare = [&](const ffi::Object*, const std::string& name, bool again) {
    if (again) report(name);
  };
  walker.Walk(func);
}

void CheckAllocScopes(const PrimFunc& func, const Report& report) {
  static const std::set<std::string> kOnChip = {scope::kShared, scope::kFragment, scope::kLocal,
                                                scope::kVar, scope::kReducer};
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* alloc = s.as<AllocObj>();
    if (alloc && !kOnChip.count(alloc->buffer->scope)) {
      report("alloc of " + std::string(alloc->buffer->name) + " in scope " +
             std::string(alloc->buffer->scope));
    }
  });
}

void CheckParamScopes(const PrimFunc& func, const Report& report) {
  for (const ffi::Any& param : func->params) {
    auto buffer = param.as<Buffer>();
    if (buffer && !buffer->IsScope(scope::kGlobal)) {
      report("parameter " + std::string((*buffer)->name) + " in scope " +
             std::string((*buffer)->scope));
    }
  }
}

void CheckVarBuffers(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* alloc = s.as<AllocObj>();
    if (!alloc) return;
    bool is_var = alloc->buffer->scope == scope::kVar;
    if (is_var && !alloc->buffer->shape.empty()) {
      report("scalar " + std::string(alloc->buffer->name) + " has a shape");
    }
    if (!is_var && alloc->init) {
      report(std::string(alloc->buffer->name) + " has an initial value");
    }
  });
}

void CheckRoles(const PrimFunc& func, const Report& report) {
  static const std::set<std::string> kTensor = {"input", "output", "workspace"};
  static const std::set<std::string> kScalar = {"scalar", "pointer"};
  if (func->params.size() != func->roles.size()) {
    return report(std::to_string(func->params.size()) + " parameters, " +
                  std::to_string(func->roles.size()) + " roles");
  }
  for (size_t i = 0; i < func->params.size(); ++i) {
    bool tensor = func->params[i].as<Buffer>().has_value();
    const std::set<std::string>& legal = tensor ? kTensor : kScalar;
    if (!legal.count(func->roles[i])) {
      report("parameter " + std::to_string(i) + " is " + std::string(func->roles[i]));
    }
  }
}

}  // namespace

std::vector<SpecRule> ScopeRules() {
  return {
      {"var-in-scope", "a variable is used after its declaration, inside its block", true, true,
       true, CheckVarsInScope},
      {"buffer-in-scope", "a buffer is used after its declaration, inside its block", true, true,
       true, CheckBuffersInScope},
      {"declared-once", "each variable and buffer has one declaration", true, true, true,
       CheckDeclaredOnce},
      {"param-scope", "tensor parameters are in global memory", true, true, true, CheckParamScopes},
      {"param-role", "each parameter has a role that fits its kind", true, true, true, CheckRoles},
      {"alloc-scope", "only on-chip buffers are allocated in a kernel", true, true, true,
       CheckAllocScopes},
      {"var-buffer", "buffers of scope var have no shape, and only they have an initial value",
       true, true, true, CheckVarBuffers},
  };
}

}  // namespace tilescale::ir
