// Reflection of expressions and buffers: from these field lists follow the Python classes,
// structural equality and hash, JSON, visiting and rewriting.
#include <tvm/ffi/reflection/registry.h>

#include "cc/ir/buffer.h"
#include "cc/ir/expr.h"
#include "cc/ir/span.h"

namespace tilescale::ir {
namespace {

namespace refl = ffi::reflection;

refl::AttachFieldFlag Ignored() { return refl::AttachFieldFlag::SEqHashIgnore(); }

void RegisterLeaves() {
  refl::ObjectDef<SpanObj>()
      .def(refl::init<ffi::String, int64_t, int64_t, int64_t, int64_t,
                      ffi::Optional<ffi::ObjectRef>>())
      .def_ro("file", &SpanObj::file)
      .def_ro("line", &SpanObj::line)
      .def_ro("col", &SpanObj::col)
      .def_ro("end_line", &SpanObj::end_line)
      .def_ro("end_col", &SpanObj::end_col)
      .def_ro("caller", &SpanObj::caller);
  refl::ObjectDef<ExprObj>(refl::init(false)).def_ro("dtype", &ExprObj::dtype);
  refl::ObjectDef<IntImmObj>().def(refl::init<DType, int64_t>()).def_ro("value", &IntImmObj::value);
  refl::ObjectDef<FloatImmObj>()
      .def(refl::init<DType, double>())
      .def_ro("value", &FloatImmObj::value);
  refl::ObjectDef<StringImmObj>()
      .def(refl::init<ffi::String>())
      .def_ro("value", &StringImmObj::value);
  refl::ObjectDef<VarObj>()
      .def(refl::init<ffi::String, DType>())
      .def_ro("name", &VarObj::name, Ignored());
}

void RegisterOperators() {
  refl::ObjectDef<BinaryObj>()
      .def(refl::init<DType, BinaryKind, Expr, Expr>())
      .def_ro("kind", &BinaryObj::kind)
      .def_ro("a", &BinaryObj::a)
      .def_ro("b", &BinaryObj::b);
  refl::ObjectDef<NotObj>().def(refl::init<Expr>()).def_ro("a", &NotObj::a);
  refl::ObjectDef<CastObj>().def(refl::init<DType, Expr>()).def_ro("value", &CastObj::value);
  refl::ObjectDef<SelectObj>()
      .def(refl::init<DType, Expr, Expr, Expr>())
      .def_ro("cond", &SelectObj::cond)
      .def_ro("a", &SelectObj::a)
      .def_ro("b", &SelectObj::b);
  refl::ObjectDef<CallObj>()
      .def(refl::init<DType, ffi::String, ffi::Array<ffi::Any>, ffi::Map<ffi::String, ffi::Any>>())
      .def_ro("op", &CallObj::op)
      .def_ro("args", &CallObj::args)
      .def_ro("attrs", &CallObj::attrs);
}

void RegisterBuffers() {
  refl::ObjectDef<BufferObj>()
      .def(refl::init<ffi::String, DType, ffi::Array<Expr>, ffi::Array<Expr>, ffi::String>())
      .def_ro("name", &BufferObj::name, Ignored())
      .def_ro("dtype", &BufferObj::dtype)
      .def_ro("shape", &BufferObj::shape)
      .def_ro("strides", &BufferObj::strides)
      .def_ro("scope", &BufferObj::scope);
  refl::ObjectDef<RegionObj>()
      .def(refl::init<Buffer, ffi::Array<Expr>, ffi::Array<Expr>>())
      .def_ro("buffer", &RegionObj::buffer)
      .def_ro("mins", &RegionObj::mins)
      .def_ro("extents", &RegionObj::extents);
  refl::ObjectDef<LoadObj>()
      .def(refl::init<Buffer, ffi::Array<Expr>>())
      .def_ro("buffer", &LoadObj::buffer)
      .def_ro("indices", &LoadObj::indices);
  refl::ObjectDef<AddressOfObj>()
      .def(refl::init<Buffer, ffi::Array<Expr>>())
      .def_ro("buffer", &AddressOfObj::buffer)
      .def_ro("indices", &AddressOfObj::indices);
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  RegisterLeaves();
  RegisterOperators();
  RegisterBuffers();
}

}  // namespace tilescale::ir
