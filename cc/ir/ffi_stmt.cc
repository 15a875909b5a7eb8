// Reflection of statements and functions (see ffi_expr.cc).
#include <tvm/ffi/reflection/registry.h>

#include "cc/ir/function.h"
#include "cc/ir/stmt.h"

namespace tilescale::ir {
namespace {

namespace refl = ffi::reflection;
using ffi::Any;
using ffi::Array;
using ffi::Optional;
using ffi::String;

refl::AttachFieldFlag Ignored() { return refl::AttachFieldFlag::SEqHashIgnore(); }
// A declared variable; the symbols inside a declared buffer's shape are uses, not declarations.
refl::AttachFieldFlag Def() { return refl::AttachFieldFlag::SEqHashDefSimple(); }
// Parameters: the symbols of their shapes are declared with them.
refl::AttachFieldFlag Params() { return refl::AttachFieldFlag::SEqHashDefPattern(); }

void RegisterDeclarations() {
  refl::ObjectDef<StmtObj>(refl::init(false)).def_ro("span", &StmtObj::span, Ignored());
  refl::ObjectDef<SeqObj>().def(refl::init<Array<Stmt>, Span>()).def_ro("stmts", &SeqObj::stmts);
  refl::ObjectDef<BindObj>()
      .def(refl::init<Var, Expr, Span>())
      .def_ro("value", &BindObj::value)
      .def_ro("var", &BindObj::var, Def());
  refl::ObjectDef<AllocObj>()
      .def(refl::init<Buffer, Optional<Expr>, Span>())
      .def_ro("init", &AllocObj::init)
      .def_ro("buffer", &AllocObj::buffer, Def());
  refl::ObjectDef<ViewObj>()
      .def(refl::init<Buffer, Buffer, Span>())
      .def_ro("source", &ViewObj::source)
      .def_ro("buffer", &ViewObj::buffer, Def());
  refl::ObjectDef<DeclTensorObj>()
      .def(refl::init<Buffer, Expr, Span>())
      .def_ro("address", &DeclTensorObj::address)
      .def_ro("buffer", &DeclTensorObj::buffer, Def());
}

void RegisterActions() {
  refl::ObjectDef<StoreObj>()
      .def(refl::init<Buffer, Array<Expr>, Expr, Span>())
      .def_ro("buffer", &StoreObj::buffer)
      .def_ro("indices", &StoreObj::indices)
      .def_ro("value", &StoreObj::value);
  refl::ObjectDef<EvaluateObj>().def(refl::init<Expr, Span>()).def_ro("value", &EvaluateObj::value);
  refl::ObjectDef<AssumeObj>().def(refl::init<Expr, Span>()).def_ro("cond", &AssumeObj::cond);
  refl::ObjectDef<AnnotateObj>()
      .def(refl::init<String, Optional<Buffer>, Any, Span>())
      .def_ro("key", &AnnotateObj::key)
      .def_ro("target", &AnnotateObj::target)
      .def_ro("value", &AnnotateObj::value);
  refl::ObjectDef<TileOpObj>(refl::init(false)).def_ro("attrs", &TileOpObj::attrs);
  refl::ObjectDef<BreakObj>().def(refl::init<Span>());
  refl::ObjectDef<ContinueObj>().def(refl::init<Span>());
}

void RegisterControl() {
  refl::ObjectDef<IfObj>()
      .def(refl::init<Expr, Stmt, Optional<Stmt>, Span>())
      .def_ro("cond", &IfObj::cond)
      .def_ro("then_body", &IfObj::then_body)
      .def_ro("else_body", &IfObj::else_body);
  refl::ObjectDef<WhileObj>()
      .def(refl::init<Expr, Stmt, Span>())
      .def_ro("cond", &WhileObj::cond)
      .def_ro("body", &WhileObj::body);
  refl::ObjectDef<ForObj>()
      .def(refl::init<Var, Expr, Expr, Expr, ForKind, Stmt, AttrMap, Span>())
      .def_ro("var", &ForObj::var, Def())
      .def_ro("min", &ForObj::min)
      .def_ro("extent", &ForObj::extent)
      .def_ro("step", &ForObj::step)
      .def_ro("kind", &ForObj::kind)
      .def_ro("body", &ForObj::body)
      .def_ro("attrs", &ForObj::attrs);
  refl::ObjectDef<ParallelObj>()
      .def(refl::init<Array<Var>, Array<Expr>, Stmt, AttrMap, Span>())
      .def_ro("vars", &ParallelObj::vars, Def())
      .def_ro("extents", &ParallelObj::extents)
      .def_ro("body", &ParallelObj::body)
      .def_ro("attrs", &ParallelObj::attrs);
  refl::ObjectDef<TileLoopObj>()
      .def(refl::init<Array<Var>, Array<Expr>, Array<Expr>, Stmt, AttrMap, Span>())
      .def_ro("vars", &TileLoopObj::vars, Def())
      .def_ro("extents", &TileLoopObj::extents)
      .def_ro("threads", &TileLoopObj::threads)
      .def_ro("body", &TileLoopObj::body)
      .def_ro("attrs", &TileLoopObj::attrs);
}

void RegisterFunctions() {
  refl::ObjectDef<PrimFuncObj>()
      .def(refl::init<String, Array<Var>, Array<Any>, Array<String>, Stmt, AttrMap, Span>())
      .def_ro("name", &PrimFuncObj::name, Ignored())
      .def_ro("symbols", &PrimFuncObj::symbols, Params())
      .def_ro("params", &PrimFuncObj::params, Params())
      .def_ro("roles", &PrimFuncObj::roles)
      .def_ro("body", &PrimFuncObj::body)
      .def_ro("attrs", &PrimFuncObj::attrs)
      .def_ro("span", &PrimFuncObj::span, Ignored());
  refl::ObjectDef<ModuleObj>()
      .def(refl::init<ffi::Map<String, PrimFunc>>())
      .def_ro("functions", &ModuleObj::functions);
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  RegisterDeclarations();
  RegisterActions();
  RegisterControl();
  RegisterFunctions();
}

}  // namespace tilescale::ir
