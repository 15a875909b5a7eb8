#include "cc/pass/infer_layouts.h"

#include "cc/pass/fragment_layouts.h"

namespace tilescale::pass {

ir::PrimFunc InferLayouts(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  LayoutProblem problem = CollectLayoutProblem(func, context);
  return ApplyLayouts(func, problem, SolveLayouts(problem, context));
}

}  // namespace tilescale::pass
