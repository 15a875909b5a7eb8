// The functions with which Python builds expressions.
#include <tvm/ffi/extra/structural_equal.h>
#include <tvm/ffi/extra/structural_hash.h>
#include <tvm/ffi/reflection/registry.h>

#include "cc/ir/expr.h"
#include "cc/ir/function.h"
#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

BinaryKind KindByName(const ffi::String& name) {
  for (int i = 0; i < kNumBinaryKinds; ++i) {
    auto kind = static_cast<BinaryKind>(i);
    if (name == BinaryName(kind)) return kind;
  }
  TILESCALE_FAIL("there is no binary operator " << name);
}

ffi::Array<ffi::String> KindNames() {
  ffi::Array<ffi::String> names;
  for (int i = 0; i < kNumBinaryKinds; ++i) names.push_back(BinaryName(static_cast<BinaryKind>(i)));
  return names;
}

Expr ConstOf(DType type, double value) { return MakeConst(type, value); }

Expr CallByName(const ffi::String& op, const ffi::Array<ffi::Any>& args,
                const ffi::Map<ffi::String, ffi::Any>& attrs, DType type) {
  return MakeCall(std::string(op), args, attrs, type);
}

Expr SubstituteVars(const Expr& e, const ffi::Map<Var, Expr>& map) {
  VarMap vars;
  for (const auto& [var, value] : map) vars.emplace(var.get(), value);
  return Substitute(e, vars);
}

// Whether the value depends on its variables alone, so that it may be computed anywhere.
bool IsPure(const Expr& value) {
  bool pure = true;
  ForEachExpr(value, [&](const Expr& e) {
    if (e.as<LoadObj>()) pure = false;
    if (const auto* call = e.as<CallObj>()) {
      const Intrinsic* decl = FindIntrinsic(call->op);
      pure = pure && decl && decl->effect == Effect::kPure;
    }
  });
  return pure;
}

// Replaces bound variables by their pure definitions, and the variables in these likewise.
Expr ExpandBinds(Expr e, const ffi::Map<Var, Expr>& definitions) {
  while (true) {
    VarMap found;
    ForEachExpr(e, [&](const Expr& part) {
      auto var = part.as<Var>();
      if (!var) return;
      auto value = definitions.Get(*var);
      if (value && IsPure(*value)) found.emplace(var->get(), *value);
    });
    if (found.empty()) return e;
    e = Substitute(e, found);
  }
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  namespace refl = ffi::reflection;
  refl::GlobalDef()
      .def("tilescale.ir.BinaryKindNames", KindNames)
      .def("tilescale.ir.MakeBinary",
           [](const ffi::String& kind, const Expr& a, const Expr& b) {
             return MakeBinary(KindByName(kind), a, b);
           })
      .def("tilescale.ir.MakeBinaryKind",
           [](int64_t kind, const Expr& a, const Expr& b) {
             return MakeBinary(static_cast<BinaryKind>(kind), a, b);
           })
      .def("tilescale.ir.MakeNot", [](const Expr& a) { return MakeNot(a); })
      .def("tilescale.ir.MakeCast", [](DType t, const Expr& e) { return MakeCast(t, e); })
      .def("tilescale.ir.MakeSelect",
           [](const Expr& c, const Expr& a, const Expr& b) { return MakeSelect(c, a, b); })
      .def("tilescale.ir.MakeInt", [](DType t, int64_t v) { return MakeInt(t, v); })
      .def("tilescale.ir.MakeConst", ConstOf)
      .def("tilescale.ir.MakeCall", CallByName)
      .def("tilescale.ir.Promote", [](DType a, DType b) { return dtype::Promote(a, b); })
      .def("tilescale.ir.IntrinsicNames",
           []() {
             ffi::Array<ffi::String> names;
             for (const std::string& name : IntrinsicNames()) names.push_back(name);
             return names;
           })
      .def("tilescale.ir.FlattenSeq", [](const ffi::Array<Stmt>& s) { return Seq::Flatten(s); })
      .def("tilescale.ir.Substitute", SubstituteVars)
      .def("tilescale.ir.ExpandBinds", ExpandBinds)
      .def("tilescale.ir.StructuralHash", [](const ffi::Any& node) {
        return static_cast<int64_t>(ffi::StructuralHash::Hash(node));
      });
}

}  // namespace tilescale::ir
