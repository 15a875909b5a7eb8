// What Python sees of the table of matrix instructions.
#include <tvm/ffi/reflection/registry.h>

#include "cc/layout/mma_atom.h"

namespace tilescale::layout {
namespace {

namespace ffi = tvm::ffi;

ffi::Map<ffi::String, ffi::Any> Describe(const MmaAtom& atom) {
  return {{"name", atom.name},
          {"first_arch", atom.first_arch},
          {"shape", ffi::Shape({atom.m, atom.n, atom.k})},
          {"a_type", ir::dtype::Name(atom.a_type)},
          {"b_type", ir::dtype::Name(atom.b_type)},
          {"c_type", ir::dtype::Name(atom.c_type)},
          {"a", atom.a},
          {"b", atom.b},
          {"c", atom.c}};
}

ffi::Array<ffi::Any> DescribeAll() {
  ffi::Array<ffi::Any> all;
  for (const MmaAtom& atom : MmaAtoms()) all.push_back(Describe(atom));
  return all;
}

TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef().def("tilescale.layout.MmaAtoms", DescribeAll);
}

}  // namespace
}  // namespace tilescale::layout
