// The text form and the executable specification, for Python.
#include <tvm/ffi/reflection/registry.h>

#include "cc/ir/parser.h"
#include "cc/ir/printer.h"
#include "cc/ir/spec.h"

namespace tilescale::ir {
namespace {

ffi::Array<ffi::String> Breaches(const PrimFunc& func, const ffi::String& stage) {
  ffi::Array<ffi::String> breaches;
  for (const std::string& breach : CheckSpec(func, StageByName(stage))) breaches.push_back(breach);
  return breaches;
}

// Rows of (name, text, holds at the tile, the scheduled, the mapped, the thread stage).
ffi::Array<ffi::Array<ffi::Any>> Rules() {
  ffi::Array<ffi::Array<ffi::Any>> rows;
  for (const SpecRule& rule : SpecRules()) {
    rows.push_back({ffi::String(rule.name), ffi::String(rule.text), rule.tile, rule.scheduled,
                    rule.HoldsAt(Stage::kMapped), rule.thread});
  }
  return rows;
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  namespace refl = ffi::reflection;
  refl::GlobalDef()
      .def("tilescale.ir.Print",
           [](const ffi::Any& node, bool spans) {
             return ffi::String(Print(node, PrintOptions{spans}));
           })
      .def("tilescale.ir.Parse", [](const ffi::String& text) { return Parse(text); })
      .def("tilescale.ir.CheckSpec", Breaches)
      .def("tilescale.ir.SpecRules", Rules);
}

}  // namespace tilescale::ir
