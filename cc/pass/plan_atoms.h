#ifndef TILESCALE_CC_PASS_PLAN_ATOMS_H_
#define TILESCALE_CC_PASS_PLAN_ATOMS_H_

#include <string>
#include <vector>

#include "cc/pass/plan_loop.h"

namespace tilescale::pass {

/// With which instructions an operator is carried out, and what stands against better ones.
struct AtomPlan {
  std::string atom;
  std::string note;
};

/// Chooses the instructions of a loop whose operators have these stages: `cp.async` for loads that
/// run ahead of their readers, else registers (`kPrefetchAtom`) as far as there are some to spare;
/// matrix instructions. `wanted` may ask for registers where there is `cp.async`.
std::vector<AtomPlan> PlanAtoms(const ir::For& loop, const DependenceGraph& graph,
                                const std::vector<int64_t>& stages,
                                const std::vector<std::string>& wanted, const PlanFacts& facts);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PLAN_ATOMS_H_
