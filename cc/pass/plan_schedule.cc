#include "cc/pass/plan_schedule.h"

#include <tvm/ffi/reflection/registry.h>

#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/apply_schedule.h"
#include "cc/pass/cuda_pipeline.h"
#include "cc/pass/plan_loop.h"
#include "cc/pass/serialize_loops.h"

namespace tilescale::pass {
namespace {

constexpr int64_t kRegisterFile = 65536;
constexpr int64_t kMaxRegisters = 255;

std::optional<StageRequest> RequestOf(const ir::ForObj* loop) {
  auto stage = loop->attrs.find("stage"), order = loop->attrs.find("order");
  if (stage == loop->attrs.end() || order == loop->attrs.end()) return std::nullopt;
  auto stages = (*stage).second.cast<ffi::Array<int64_t>>();
  auto positions = (*order).second.cast<ffi::Array<int64_t>>();
  if (stages.empty() || positions.empty()) return std::nullopt;
  return StageRequest{{stages.begin(), stages.end()}, {positions.begin(), positions.end()}};
}

// Plans the pipelined loops in the order of the text; a mutator only because that one knows the
// facts around each loop.
class Planner : public AnalyzedMutator {
 public:
  Planner(const ir::PrimFunc& func, const lower::cuda::Context& context)
      : context_(context),
        names_(func),
        copies_(CollectCopyFacts(func->body)),
        roots_(FindViewRoots(func->body)),
        versions_(func, roots_, context.analyzer.get()) {}

  ffi::Array<ir::LoopPlan> plans;

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* loop = stmt.as<ir::ForObj>();
    if (loop && loop->kind == ir::ForKind::kPipelined) {
      CheckPipelined(loop);
      PlanFacts facts{names_, versions_, copies_, roots_, context_.arch, analyzer()};
      plans.push_back(PlanLoop(*stmt.as<ir::For>(), RequestOf(loop), facts));
    }
    return AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  const lower::cuda::Context& context_;
  BufferNames names_;
  CopyFacts copies_;
  ViewRoots roots_;
  BufferVersions versions_;
};

}  // namespace

ir::Schedule ChooseSchedule(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  Planner planner(func, context);
  planner.Run(func, context);
  const int64_t registers = std::min(kMaxRegisters, kRegisterFile / context.threads / 8 * 8);
  return ir::Schedule("grid", {ir::Role("block", context.threads, registers)}, planner.plans);
}

ir::PrimFunc PlanSchedule(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return ApplySchedule(func, ChooseSchedule(func, context));
}

}  // namespace tilescale::pass
