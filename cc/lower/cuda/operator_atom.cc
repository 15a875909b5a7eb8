#include "cc/lower/cuda/operator_atom.h"

#include <map>

#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

// Filled while the library is loaded, read only afterwards.
std::map<std::string, OperatorAtomFn>& Registry() {
  static std::map<std::string, OperatorAtomFn> registry;
  return registry;
}

}  // namespace

bool RegisterOperatorAtom(const std::string& type_key, OperatorAtomFn text) {
  bool added = Registry().emplace(type_key, std::move(text)).second;
  TILESCALE_CHECK(added, "the atom of " << type_key << " is registered twice");
  return true;
}

std::string OperatorAtom(const ir::TileOp& op, const Context& context) {
  auto it = Registry().find(op->GetTypeKey());
  return it == Registry().end() ? "" : it->second(op, context);
}

}  // namespace tilescale::lower::cuda
