#ifndef TILESCALE_CC_PASS_REGISTER_PREFETCH_H_
#define TILESCALE_CC_PASS_REGISTER_PREFETCH_H_

#include <string>
#include <vector>

#include "cc/pass/dependence.h"

namespace tilescale::pass {

/// The atom of loads that run ahead through registers: global memory is read at the operator's
/// place in the step, and shared memory is written behind all other operators of the step, so that
/// they run while the data is on its way. For copies that no `cp.async` can do.
inline constexpr const char* kPrefetchAtom = "ldg.sts";

/// What it takes to prefetch one operator.
struct PrefetchCost {
  int64_t bytes = 0;   // of all threads together
  std::string reason;  // why it cannot be, or empty
};
PrefetchCost FindPrefetch(const DependenceGraph& graph, size_t number);

/// The two halves of a load, and the fragments between them. The second declares names of its own.
struct PrefetchHalves {
  std::vector<ir::Buffer> registers;
  ir::Stmt load;
  ir::Stmt store;
};
PrefetchHalves SplitPrefetch(const ir::Stmt& load);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_REGISTER_PREFETCH_H_
