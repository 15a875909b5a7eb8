#ifndef TILESCALE_CC_PASS_DEPENDENCE_H_
#define TILESCALE_CC_PASS_DEPENDENCE_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "cc/arith/prover.h"
#include "cc/ir/function.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// The counting part of a loop.
struct LoopRange {
  ir::Var var;
  ir::Expr min;
  ir::Expr extent;
  ir::Expr step;
};

/// Which elements of a buffer an operator may touch, in terms of the loop's variable and of names
/// from outside the loop. Without extents: any element.
struct MemoryAccess {
  ir::Buffer buffer;
  std::vector<ir::Expr> mins;
  std::vector<ir::Expr> extents;
  bool write;
};

/// A statement of a loop's body that does something (`ir::IsOperator`).
struct LoopOperator {
  ir::Stmt stmt;
  std::string label;  // "Copy A -> A_shared"
  std::vector<MemoryAccess> accesses;
  /// Changes hidden state, leaves the loop, or prints: must run once for each iteration, in order.
  bool state = false;
};

enum class DependenceKind { kFlow, kAnti, kOutput, kState };

/// Operator `from` of iteration n must run before operator `to` of iteration n + distance, and
/// perhaps of later ones: `distance` is the smallest that is not ruled out.
struct Dependence {
  size_t from;
  size_t to;
  DependenceKind kind;
  int64_t distance;
  std::string buffer;  // empty for kState
  const ir::BufferObj* root;
};

struct DependenceGraph {
  std::vector<LoopOperator> operators;
  std::vector<Dependence> edges;

  /// One line for each operator and edge.
  std::string ToString() const;
};

/// The buffers that are views, by what they are views of, in the end.
using ViewRoots = std::unordered_map<const ir::BufferObj*, ir::Buffer>;
ViewRoots FindViewRoots(const ir::Stmt& body);

/// What depends on what in the loop, for distances 0 ... max_distance. Regions are compared by
/// `analyzer`, which knows what holds around the loop; two accesses of one buffer conflict unless
/// they are provably apart. Names that the body binds are looked through; what their values read
/// counts as read by each operator that uses them.
DependenceGraph BuildDependenceGraph(const LoopRange& loop, const ir::Stmt& body,
                                     int64_t max_distance, const ViewRoots& roots,
                                     arith::Analyzer* analyzer);

/// Whether `outer` provably contains `inner`, both in one iteration.
bool Contains(const MemoryAccess& outer, const MemoryAccess& inner, arith::Analyzer* analyzer);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_DEPENDENCE_H_
