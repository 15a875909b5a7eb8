#include "cc/op/tile_op.h"

#include <map>

#include "cc/support/diagnostic.h"

namespace tilescale::op {
namespace {

// Filled while the library is loaded, read only afterwards.
std::map<std::string, OpInfo>& Registry() {
  static std::map<std::string, OpInfo> registry;
  return registry;
}

}  // namespace

bool RegisterOp(const std::string& type_key, OpInfo info) {
  bool added = Registry().emplace(type_key, std::move(info)).second;
  TILESCALE_CHECK(added, "tile operator " << type_key << " is registered twice");
  return true;
}

const OpInfo& GetOpInfo(const ir::TileOp& op) {
  auto it = Registry().find(op->GetTypeKey());
  TILESCALE_CHECK(it != Registry().end(), op->GetTypeKey() << " is not a registered operator");
  return it->second;
}

int64_t AddedDims(const ir::Region& region, const ir::Region& before) {
  return static_cast<int64_t>(region->extents.size()) -
         static_cast<int64_t>(before->extents.size());
}

std::vector<ir::Expr> SqueezedExtents(const ir::Region& region) {
  std::vector<ir::Expr> kept;
  for (const ir::Expr& extent : region->extents) {
    if (!ir::IsConstInt(extent, 1)) kept.push_back(extent);
  }
  return kept;
}

}  // namespace tilescale::op
