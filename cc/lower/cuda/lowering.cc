#include "cc/lower/cuda/lowering.h"

#include <map>

#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

// Filled while the library is loaded, read only afterwards.
std::map<std::string, LowerFn>& Registry() {
  static std::map<std::string, LowerFn> registry;
  return registry;
}

std::map<std::string, ElementwiseFn>& Elementwise() {
  static std::map<std::string, ElementwiseFn> registry;
  return registry;
}

}  // namespace

bool RegisterElementwise(const std::string& type_key, ElementwiseFn lower) {
  bool added = Elementwise().emplace(type_key, std::move(lower)).second;
  TILESCALE_CHECK(added, "the loops of " << type_key << " are registered twice");
  return true;
}

std::optional<ir::Stmt> LowerElementwise(const ir::TileOp& op, const Context& context) {
  auto it = Elementwise().find(op->GetTypeKey());
  return it == Elementwise().end() ? std::nullopt : it->second(op, context);
}

bool RegisterLowering(const std::string& type_key, LowerFn lower) {
  bool added = Registry().emplace(type_key, std::move(lower)).second;
  TILESCALE_CHECK(added, "the lowering of " << type_key << " is registered twice");
  return true;
}

ir::Stmt LowerTileOp(const ir::TileOp& op, const Context& context) {
  auto it = Registry().find(op->GetTypeKey());
  if (it != Registry().end()) return it->second(op, context);
  const std::string name = op::GetOpInfo(op).name;
  support::UserError("IntrinsicNotOnTargetError")
      .Message("`T." + name + "` is not available on the CUDA target")
      .Expected("an operator of the CUDA target")
      .Got(name)
      .Remedy("write it with T.Parallel loops, or compile for the CPU target")
      .At(ir::ToLocation(op->span))
      .Throw();
}

}  // namespace tilescale::lower::cuda
