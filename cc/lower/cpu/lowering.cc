#include "cc/lower/cpu/lowering.h"

#include <map>

#include "cc/support/diagnostic.h"

namespace tilescale::lower::cpu {
namespace {

// Filled while the library is loaded, read only afterwards.
std::map<std::string, LowerFn>& Registry() {
  static std::map<std::string, LowerFn> registry;
  return registry;
}

}  // namespace

bool RegisterLowering(const std::string& type_key, LowerFn lower) {
  bool added = Registry().emplace(type_key, std::move(lower)).second;
  TILESCALE_CHECK(added, "the lowering of " << type_key << " is registered twice");
  return true;
}

ir::Stmt LowerTileOp(const ir::TileOp& op, const Context& context) {
  auto it = Registry().find(op->GetTypeKey());
  TILESCALE_CHECK(it != Registry().end(), op->GetTypeKey() << " has no lowering for the CPU");
  return it->second(op, context);
}

}  // namespace tilescale::lower::cpu
