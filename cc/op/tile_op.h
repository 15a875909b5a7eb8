#ifndef TILESCALE_CC_OP_TILE_OP_H_
#define TILESCALE_CC_OP_TILE_OP_H_

#include <functional>
#include <string>
#include <vector>

#include "cc/ir/function.h"
#include "cc/ir/stmt.h"

namespace tilescale::op {

namespace ffi = tvm::ffi;

/// Who carries a tile operator out on a GPU, and what must happen before its results are seen.
enum class Issuer { kThread, kWarp, kWarpgroup, kBlock };
enum class Proxy { kGeneric, kAsync };
enum class Completion { kNone, kCommitGroup, kMbarrierTransaction, kBulkGroup, kWgmmaGroup };

/// What one tile operator does to memory. Regions are those of the node, by kind of access;
/// `accumulates` regions are read and written.
struct Effects {
  std::vector<ir::Region> reads;
  std::vector<ir::Region> writes;
  std::vector<ir::Region> accumulates;
  Issuer issuer = Issuer::kBlock;
  Proxy proxy = Proxy::kGeneric;
  Completion completion = Completion::kNone;
  /// May two roles carry it out redundantly with the same result?
  bool replicable = true;
};

/// The declaration of one kind of tile operator: everything generic passes know of it.
struct OpInfo {
  std::string name;  // "copy", "gemm", ...: the stem used in every folder
  std::function<Effects(const ir::TileOp&)> effects;
  /// Throws a user error at the operator's span if it breaks a shape or type rule.
  std::function<void(const ir::TileOp&)> verify;
  /// Of operators that number dimensions: `op`, whose regions are those of `before` with dimensions
  /// in front, with its numbers moved along.
  std::function<ir::TileOp(const ir::TileOp& op, const ir::TileOp& before)> renumber = nullptr;
};

/// Registers the declaration for node type `type_key` at static-initialisation time.
bool RegisterOp(const std::string& type_key, OpInfo info);
/// The declaration of the operator's kind; an internal error if there is none.
const OpInfo& GetOpInfo(const ir::TileOp& op);

/// How many dimensions a region has in front of those of `before`.
int64_t AddedDims(const ir::Region& region, const ir::Region& before);

/// Shape helper shared by verifiers: the extents without leading and inner constant 1s.
std::vector<ir::Expr> SqueezedExtents(const ir::Region& region);

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_TILE_OP_H_
