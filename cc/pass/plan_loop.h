#ifndef TILESCALE_CC_PASS_PLAN_LOOP_H_
#define TILESCALE_CC_PASS_PLAN_LOOP_H_

#include <optional>
#include <string>
#include <vector>

#include "cc/ir/schedule.h"
#include "cc/lower/cuda/context.h"
#include "cc/pass/buffer_names.h"
#include "cc/pass/buffer_versions.h"
#include "cc/pass/dependence.h"
#include "cc/pass/lower_async_copies.h"

namespace tilescale::pass {

/// What planning one loop needs to know of the kernel around it.
struct PlanFacts {
  const BufferNames& names;
  const BufferVersions& versions;
  const CopyFacts& copies;
  const ViewRoots& roots;
  const lower::cuda::Context& context;
  arith::Analyzer* analyzer;
  /// More stages than these do not fit into shared memory; requests for stages are not cut.
  int64_t max_stages;
};

/// The stages and positions that somebody asks for.
struct StageRequest {
  std::vector<int64_t> stages;
  std::vector<int64_t> order;
  std::vector<std::string> atoms;  // empty: as the compiler chooses
};

/// Whether an operator does nothing but copy, from global to shared memory at least once, perhaps
/// under a condition.
bool IsLoad(const ir::Stmt& s);

/// Plans a pipelined loop. Without a request, loads run ahead as `num_stages` says. An operator
/// whose dependences forbid its stage is moved to the last one, with a note.
ir::LoopPlan PlanLoop(const ir::For& loop, const std::optional<StageRequest>& request,
                      const PlanFacts& facts);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PLAN_LOOP_H_
