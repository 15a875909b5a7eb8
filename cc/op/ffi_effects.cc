// What Python sees of the operators' declarations.
#include <tvm/ffi/reflection/registry.h>

#include "cc/op/tile_op.h"

namespace tilescale::op {
namespace {

ffi::Array<ir::Region> AsArray(const std::vector<ir::Region>& regions) {
  return {regions.begin(), regions.end()};
}

ffi::Map<ffi::String, ffi::Any> DescribeOp(const ir::TileOp& op) {
  constexpr const char* kIssuers[] = {"thread", "warp", "warpgroup", "block"};
  const OpInfo& info = GetOpInfo(op);
  Effects effects = info.effects(op);
  return {{"name", ffi::String(info.name)},
          {"reads", AsArray(effects.reads)},
          {"writes", AsArray(effects.writes)},
          {"accumulates", AsArray(effects.accumulates)},
          {"issuer", ffi::String(kIssuers[static_cast<size_t>(effects.issuer)])},
          {"replicable", effects.replicable}};
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef()
      .def("tilescale.op.Describe", DescribeOp)
      .def("tilescale.op.Verify", [](const ir::TileOp& op) { GetOpInfo(op).verify(op); });
}

}  // namespace tilescale::op
