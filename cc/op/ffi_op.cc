// Reflection of the tile operators (see cc/ir/ffi_expr.cc): printing, parsing, equality, visiting,
// rewriting and the Python classes follow from these field lists.
#include <tvm/ffi/reflection/registry.h>

#include "cc/op/atomic.h"
#include "cc/op/copy.h"
#include "cc/op/device_assert.h"
#include "cc/op/fill.h"
#include "cc/op/gemm.h"
#include "cc/op/load_operand.h"
#include "cc/op/print.h"
#include "cc/op/reduce.h"
#include "cc/op/reducer.h"
#include "cc/op/scan.h"
#include "cc/op/transpose.h"

namespace tilescale::op {
namespace {

namespace refl = ffi::reflection;
using ir::AttrMap;
using ir::Buffer;
using ir::Expr;
using ir::Region;
using ir::Span;

void RegisterMoves() {
  refl::ObjectDef<CopyObj>()
      .def(refl::init<Region, Region, AttrMap, Span>())
      .def_ro("src", &CopyObj::src)
      .def_ro("dst", &CopyObj::dst);
  refl::ObjectDef<FillObj>()
      .def(refl::init<Region, Expr, AttrMap, Span>())
      .def_ro("dst", &FillObj::dst)
      .def_ro("value", &FillObj::value);
  refl::ObjectDef<TransposeObj>()
      .def(refl::init<Region, Region, AttrMap, Span>())
      .def_ro("src", &TransposeObj::src)
      .def_ro("dst", &TransposeObj::dst);
  refl::ObjectDef<LoadOperandObj>()
      .def(refl::init<Region, Region, bool, bool, int64_t, int64_t, AttrMap, Span>())
      .def_ro("src", &LoadOperandObj::src)
      .def_ro("dst", &LoadOperandObj::dst)
      .def_ro("is_a", &LoadOperandObj::is_a)
      .def_ro("transposed", &LoadOperandObj::transposed)
      .def_ro("m", &LoadOperandObj::m)
      .def_ro("n", &LoadOperandObj::n);
  refl::ObjectDef<AtomicObj>()
      .def(refl::init<Region, Region, AtomicKind, AttrMap, Span>())
      .def_ro("dst", &AtomicObj::dst)
      .def_ro("src", &AtomicObj::src)
      .def_ro("kind", &AtomicObj::kind);
}

void RegisterMath() {
  refl::ObjectDef<GemmObj>()
      .def(refl::init<Region, Region, Region, bool, bool, bool, AttrMap, Span>())
      .def_ro("a", &GemmObj::a)
      .def_ro("b", &GemmObj::b)
      .def_ro("c", &GemmObj::c)
      .def_ro("trans_a", &GemmObj::trans_a)
      .def_ro("trans_b", &GemmObj::trans_b)
      .def_ro("clear_accum", &GemmObj::clear_accum);
  refl::ObjectDef<ReduceObj>()
      .def(refl::init<Region, Region, int64_t, ReduceKind, bool, bool, AttrMap, Span>())
      .def_ro("src", &ReduceObj::src)
      .def_ro("dst", &ReduceObj::dst)
      .def_ro("dim", &ReduceObj::dim)
      .def_ro("kind", &ReduceObj::kind)
      .def_ro("clear", &ReduceObj::clear)
      .def_ro("nan_propagate", &ReduceObj::nan_propagate);
  refl::ObjectDef<ScanObj>()
      .def(refl::init<Region, Region, int64_t, ScanKind, bool, AttrMap, Span>())
      .def_ro("src", &ScanObj::src)
      .def_ro("dst", &ScanObj::dst)
      .def_ro("dim", &ScanObj::dim)
      .def_ro("kind", &ScanObj::kind)
      .def_ro("reverse", &ScanObj::reverse);
}

void RegisterReducers() {
  refl::ObjectDef<ReducerInitObj>()
      .def(refl::init<Buffer, ReduceKind, AttrMap, Span>())
      .def_ro("reducer", &ReducerInitObj::reducer)
      .def_ro("kind", &ReducerInitObj::kind);
  refl::ObjectDef<ReducerUpdateObj>()
      .def(refl::init<Buffer, ffi::Array<Expr>, Expr, ReduceKind, AttrMap, Span>())
      .def_ro("reducer", &ReducerUpdateObj::reducer)
      .def_ro("indices", &ReducerUpdateObj::indices)
      .def_ro("value", &ReducerUpdateObj::value)
      .def_ro("kind", &ReducerUpdateObj::kind);
  refl::ObjectDef<ReducerFinalizeObj>()
      .def(refl::init<Buffer, Region, ReduceKind, AttrMap, Span>())
      .def_ro("reducer", &ReducerFinalizeObj::reducer)
      .def_ro("dst", &ReducerFinalizeObj::dst)
      .def_ro("kind", &ReducerFinalizeObj::kind);
}

void RegisterDebugging() {
  refl::ObjectDef<PrintObj>()
      .def(refl::init<ffi::String, ffi::Array<ffi::Any>, AttrMap, Span>())
      .def_ro("msg", &PrintObj::msg)
      .def_ro("values", &PrintObj::values);
  refl::ObjectDef<DeviceAssertObj>()
      .def(refl::init<Expr, ffi::String, AttrMap, Span>())
      .def_ro("cond", &DeviceAssertObj::cond)
      .def_ro("msg", &DeviceAssertObj::msg);
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  RegisterMoves();
  RegisterMath();
  RegisterReducers();
  RegisterDebugging();
}

}  // namespace tilescale::op
