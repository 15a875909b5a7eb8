#include "cc/pass/plan_schedule.h"

#include <tvm/ffi/reflection/registry.h>

#include <algorithm>
#include <map>
#include <set>

#include "cc/ir/span.h"
#include "cc/machine/shared_memory.h"
#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/apply_schedule.h"
#include "cc/pass/cuda_pipeline.h"
#include "cc/pass/plan_loop.h"
#include "cc/pass/serialize_loops.h"
#include "cc/pass/shared_sizes.h"
#include "cc/pass/split_branches.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

constexpr int64_t kRegisterFile = 65536;
constexpr int64_t kMaxRegisters = 255;
constexpr int64_t kMaxStage = 63;
constexpr const char* kUserSchedule = "user_schedule";

std::optional<StageRequest> RequestOf(const ir::ForObj* loop) {
  auto stage = loop->attrs.find("stage"), order = loop->attrs.find("order");
  if (stage == loop->attrs.end() || order == loop->attrs.end()) return std::nullopt;
  auto stages = (*stage).second.cast<ffi::Array<int64_t>>();
  auto positions = (*order).second.cast<ffi::Array<int64_t>>();
  if (stages.empty() || positions.empty()) return std::nullopt;
  return StageRequest{{stages.begin(), stages.end()}, {positions.begin(), positions.end()}, {}};
}

// Plans the pipelined loops in the order of the text; a mutator only because that one knows the
// facts around each loop.
class Planner : public AnalyzedMutator {
 public:
  Planner(const ir::PrimFunc& func, const lower::cuda::Context& context,
          const std::optional<ir::Schedule>& wanted, int64_t max_stages)
      : context_(context),
        wanted_(wanted),
        max_stages_(max_stages),
        names_(func),
        copies_(CollectCopyFacts(func->body)),
        roots_(FindViewRoots(func->body)),
        versions_(func, roots_, context.analyzer.get()) {}

  ffi::Array<ir::LoopPlan> plans;

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* loop = stmt.as<ir::ForObj>();
    if (loop && loop->kind == ir::ForKind::kPipelined) {
      CheckPipelined(loop);
      PlanFacts facts{names_, versions_, copies_, roots_, context_, analyzer(), max_stages_};
      const auto pipelined = stmt.as_or_throw<ir::For>();
      if (wanted_) {
        const StageRequest request = Wanted(loop, *wanted_);
        plans.push_back(PlanLoop(pipelined, request, facts));
        CheckObeyed(loop, request, plans.back());
      } else {
        plans.push_back(PlanLoop(pipelined, RequestOf(loop), facts));
      }
    }
    return AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  // What the user's schedule says of the next loop.
  StageRequest Wanted(const ir::ForObj* loop, const ir::Schedule& schedule) const {
    size_t count = 0;
    for (const ir::Stmt& s : ir::StatementsOf(loop->body)) count += ir::IsOperator(s) ? 1 : 0;
    const size_t next = plans.size();
    const bool planned = next < schedule->loops.size();
    if (!planned || schedule->loops[next]->operators.size() != count) {
      Refuse(loop, "has no plan for loop `" + std::string(loop->var->name) + "`",
             "a loop of " + std::to_string(count) + " operators",
             planned ? std::to_string(schedule->loops[next]->operators.size()) + " operators"
                     : "fewer loops");
    }
    StageRequest request;
    std::set<int64_t> positions;
    for (const ir::OperatorPlan& op : schedule->loops[next]->operators) {
      request.stages.push_back(op->stage);
      request.order.push_back(op->order);
      request.atoms.push_back(op->atom);
      positions.insert(op->order);
      if (op->stage < 0 || op->stage > kMaxStage) {
        Refuse(loop, "names a stage that there is not", "stages 0 to " + std::to_string(kMaxStage),
               std::to_string(op->stage));
      }
    }
    if (positions.size() != count) {
      Refuse(loop, "gives two operators one position", "a position of its own for each",
             "a repeated `order`");
    }
    return request;
  }

  // An explicit schedule is carried out as it is, or not at all.
  static void CheckObeyed(const ir::ForObj* loop, const StageRequest& request,
                          const ir::LoopPlan& plan) {
    for (size_t i = 0; i < request.stages.size(); ++i) {
      const ir::OperatorPlan& op = plan->operators[i];
      if (op->stage == request.stages[i] && op->order == request.order[i]) continue;
      Refuse(loop, "would change what the kernel computes",
             "`" + std::string(op->label) + "` in stage " + std::to_string(op->stage),
             "stage " + std::to_string(request.stages[i]) + ", but " + std::string(op->note));
    }
    for (size_t i = 0; i < request.atoms.size(); ++i) {
      const ir::OperatorPlan& op = plan->operators[i];
      const std::string& atom = request.atoms[i];
      if (!atom.empty() && atom != op->atom) {
        Refuse(loop, "asks for instructions that there are not",
               "`" + std::string(op->label) + "` by \"" + std::string(op->atom) + "\"",
               "\"" + atom + "\"" + (op->note.empty() ? "" : ", but " + std::string(op->note)));
      }
    }
  }

  [[noreturn]] static void Refuse(const ir::ForObj* loop, const std::string& what,
                                  const std::string& expected, const std::string& got) {
    support::UserError("ScheduleError")
        .Message("the schedule " + what)
        .Expected(expected)
        .Got(got)
        .Remedy("print the schedule that the compiler chooses, and change that text")
        .At(ir::ToLocation(loop->span))
        .Throw();
  }

  const lower::cuda::Context& context_;
  const std::optional<ir::Schedule>& wanted_;
  int64_t max_stages_;
  BufferNames names_;
  CopyFacts copies_;
  ViewRoots roots_;
  BufferVersions versions_;
};

}  // namespace

namespace {

int64_t DeepestChannel(const ffi::Array<ir::LoopPlan>& plans) {
  int64_t deepest = 1;
  for (const ir::LoopPlan& plan : plans) {
    for (const ir::ChannelPlan& channel : plan->channels) {
      deepest = std::max(deepest, channel->depth);
    }
  }
  return deepest;
}

// Shared memory with the versions that the plans ask for; those of different loops share places.
int64_t NeededBytes(const ir::PrimFunc& func, const ffi::Array<ir::LoopPlan>& plans) {
  BufferNames names(func);
  std::map<std::string, int64_t> sizes;
  int64_t once = 0, versions = 0;
  for (const ir::AllocObj* alloc : SharedAllocs(func->body)) {
    once += sizes[names.Of(alloc->buffer)] = SharedBytes(alloc);
  }
  for (const ir::LoopPlan& plan : plans) {
    int64_t more = 0;
    for (const ir::ChannelPlan& channel : plan->channels) {
      more += (channel->depth - 1) * sizes[channel->buffer];
    }
    versions = std::max(versions, more);
  }
  return once + versions;
}

}  // namespace

ir::Schedule ChooseSchedule(const ir::PrimFunc& func, const lower::cuda::Context& context,
                            const std::optional<ir::Schedule>& wanted) {
  int64_t stages = kMaxStage + 1;
  ffi::Array<ir::LoopPlan> plans;
  do {
    Planner planner(func, context, wanted, stages);
    planner.Run(func, context);
    plans = planner.plans;
    stages = DeepestChannel(plans) - 1;
  } while (stages >= 1 && NeededBytes(func, plans) > machine::SharedMemoryLimit(context.arch));
  const int64_t registers = std::min(kMaxRegisters, kRegisterFile / context.threads / 8 * 8);
  return ir::Schedule("grid", {ir::Role("block", context.threads, registers)}, plans);
}

ir::PrimFunc PlanSchedule(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  std::optional<ir::Schedule> wanted;
  auto given = func->attrs.find(kUserSchedule);
  if (given != func->attrs.end()) {
    wanted = ir::Schedule::Parse((*given).second.cast<ffi::String>());
  }
  return ApplySchedule(func, ChooseSchedule(func, context, wanted));
}

namespace {

// The dependences of each pipelined loop, up to the distance that is asked for.
ffi::Array<ffi::String> Dependences(const ir::PrimFunc& func, int64_t max_distance) {
  struct Printer : AnalyzedMutator {
    ViewRoots roots;
    int64_t max_distance;
    ffi::Array<ffi::String> texts;
    ir::Stmt MutateStmt(const ir::Stmt& s) override {
      const auto* loop = s.as<ir::ForObj>();
      if (loop && loop->kind == ir::ForKind::kPipelined) {
        const LoopRange range{loop->var, loop->min, loop->extent, loop->step};
        texts.push_back(
            BuildDependenceGraph(range, loop->body, max_distance, roots, analyzer()).ToString());
      }
      return AnalyzedMutator::MutateStmt(s);
    }
  } printer;
  printer.roots = FindViewRoots(func->body);
  printer.max_distance = max_distance;
  printer.Run(func, lower::Context());
  return printer.texts;
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef()
      .def("tilescale.pass.Dependences", Dependences)
      .def("tilescale.pass.ChooseSchedule",
           [](const ir::PrimFunc& func, const ffi::Map<ffi::String, ffi::Any>& options) {
             lower::cuda::Context context = MakeCudaContext(func, options);
             return ChooseSchedule(SplitBranches(func, context), context, std::nullopt);
           });
}

}  // namespace tilescale::pass
