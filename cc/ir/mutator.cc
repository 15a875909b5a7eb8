#include "cc/ir/mutator.h"

#include <tvm/ffi/function.h>
#include <tvm/ffi/reflection/accessor.h>

#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

namespace refl = ffi::reflection;

bool SameValue(const ffi::Any& a, const ffi::Any& b) {
  return a.type_index() == b.type_index() && a.same_as(b);
}

ffi::ObjectRef ShallowCopy(const ffi::ObjectRef& node) {
  static refl::TypeAttrColumn column("__ffi_shallow_copy__");
  ffi::AnyView hook = column[node->type_index()];
  auto copy = hook.as<ffi::Function>();
  TILESCALE_CHECK(copy.has_value(), node->GetTypeKey() << " cannot be copied");
  return (*copy)(node.get()).cast<ffi::ObjectRef>();
}

// The expressions that folding constructors rebuild, so that substitution folds on the way up.
Expr Refold(const Expr& e) {
  if (const auto* op = e.as<BinaryObj>()) return MakeBinary(op->kind, op->a, op->b);
  if (const auto* op = e.as<NotObj>()) return MakeNot(op->a);
  if (const auto* op = e.as<CastObj>()) return MakeCast(op->dtype, op->value);
  if (const auto* op = e.as<SelectObj>()) return MakeSelect(op->cond, op->a, op->b);
  return e;
}

// By convention the fields named `var` and `vars` declare what they hold; no other field does.
bool IsVarDefField(std::string_view name) { return name == "var" || name == "vars"; }

class Substituter : public Mutator {
 public:
  explicit Substituter(const VarMap& map) : map_(map) {}

  Expr MutateExpr(const Expr& e) override {
    if (const auto* var = e.as<VarObj>()) {
      auto it = map_.find(var);
      return it == map_.end() ? e : it->second;
    }
    Expr rebuilt = DefaultExpr(e);
    return rebuilt.same_as(e) ? e : Refold(rebuilt);
  }

 private:
  const VarMap& map_;
};

}  // namespace

ffi::Any Mutator::Mutate(const ffi::Any& value) {
  if (auto expr = value.as<Expr>()) return MutateExpr(*expr);
  if (auto stmt = value.as<Stmt>()) return MutateStmt(*stmt);
  if (auto buffer = value.as<Buffer>()) return MutateBuffer(*buffer);
  if (auto region = value.as<Region>()) return MutateRegion(*region);
  if (auto array = value.as<ffi::Array<ffi::Any>>()) {
    ffi::Array<ffi::Any> result = *array;
    for (size_t i = 0; i < result.size(); ++i) {
      ffi::Any item = Mutate((*array)[i]);
      if (!SameValue(item, (*array)[i])) result.Set(i, item);
    }
    return result;
  }
  if (auto map = value.as<ffi::Map<ffi::Any, ffi::Any>>()) {
    ffi::Map<ffi::Any, ffi::Any> result = *map;
    for (const auto& [key, item] : *map) {
      ffi::Any changed = Mutate(item);
      if (!SameValue(changed, item)) result.Set(key, changed);
    }
    return result;
  }
  return value;
}

ffi::Any Mutator::MutateDefs(const ffi::Any& value) {
  if (auto var = value.as<Var>()) return MutateVarDef(*var);
  auto vars = value.cast<ffi::Array<Var>>();
  ffi::Array<Var> result = vars;
  for (size_t i = 0; i < vars.size(); ++i) {
    Var changed = MutateVarDef(vars[i]);
    if (!changed.same_as(vars[i])) result.Set(i, changed);
  }
  return result;
}

ffi::ObjectRef Mutator::MutateFields(const ffi::ObjectRef& node) {
  const TVMFFITypeInfo* info = TVMFFIGetTypeInfo(node->type_index());
  ffi::ObjectRef result = node;
  refl::ForEachFieldInfo(info, [&](const TVMFFIFieldInfo* field) {
    ffi::Any value = refl::FieldGetter(field)(node);
    std::string_view name(field->name.data, field->name.size);
    ffi::Any changed = IsVarDefField(name) ? MutateDefs(value) : Mutate(value);
    if (SameValue(changed, value)) return;
    if (result.same_as(node)) result = ShallowCopy(node);
    refl::FieldSetter setter(field);
    setter(result, changed);
  });
  return result;
}

Expr Mutator::MutateExpr(const Expr& expr) { return DefaultExpr(expr); }
Stmt Mutator::MutateStmt(const Stmt& stmt) { return DefaultStmt(stmt); }
Region Mutator::MutateRegion(const Region& region) {
  return MutateFields(region).as_or_throw<Region>();
}

Stmt Mutator::DefaultStmt(const Stmt& stmt) {
  Stmt result = MutateFields(stmt).as_or_throw<Stmt>();
  const auto* seq = result.as<SeqObj>();
  if (!seq || result.same_as(stmt)) return result;
  ffi::Array<Stmt> kept;
  for (const Stmt& s : seq->stmts) {
    const auto* inner = s.as<SeqObj>();
    if (!inner || !inner->stmts.empty()) kept.push_back(s);
  }
  return Seq(kept, seq->span);
}

Expr Substitute(const Expr& e, const VarMap& map) { return Substituter(map).MutateExpr(e); }
Stmt Substitute(const Stmt& s, const VarMap& map) { return Substituter(map).MutateStmt(s); }

}  // namespace tilescale::ir
