// Rules about pipelines: the schedule of a loop fits its body.
#include <set>
#include <unordered_map>

#include "cc/ir/schedule.h"
#include "cc/ir/spec.h"
#include "cc/ir/visitor.h"

namespace tilescale::ir {
namespace {

template <typename Fn>
void ForEachPipeline(const PrimFunc& func, Fn fn) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    if (const auto* pipeline = s.as<PipelineObj>()) fn(pipeline);
  });
}

size_t CountOperators(const PipelineObj* pipeline) {
  size_t count = 0;
  for (const Stmt& s : StatementsOf(pipeline->body)) count += IsOperator(s) ? 1 : 0;
  return count;
}

void CheckLists(const PrimFunc& func, const Report& report) {
  ForEachPipeline(func, [&](const PipelineObj* pipeline) {
    const size_t count = CountOperators(pipeline);
    if (pipeline->stages.size() != count || pipeline->order.size() != count ||
        pipeline->atoms.size() != count) {
      return report(std::to_string(count) + " operators, " +
                    std::to_string(pipeline->stages.size()) + " stages, " +
                    std::to_string(pipeline->order.size()) + " positions, " +
                    std::to_string(pipeline->atoms.size()) + " atoms");
    }
    std::set<int64_t> positions(pipeline->order.begin(), pipeline->order.end());
    if (positions.size() != count) report("a position is taken twice");
    for (int64_t stage : pipeline->stages) {
      if (stage < 0) report("stage " + std::to_string(stage));
    }
  });
}

void CheckChannels(const PrimFunc& func, const Report& report) {
  ForEachPipeline(func, [&](const PipelineObj* pipeline) {
    for (const Channel& channel : pipeline->channels) {
      if (!channel->buffer.IsScope(scope::kShared)) {
        report(std::string(channel->buffer->name) + " is " + std::string(channel->buffer->scope));
      }
    }
  });
}

// The stages of the operators that mention each buffer.
std::unordered_map<const BufferObj*, std::set<int64_t>> StagesOf(const PipelineObj* pipeline) {
  struct Walker : Visitor {
    int64_t stage = 0;
    std::unordered_map<const BufferObj*, std::set<int64_t>> found;
    void VisitBuffer(const Buffer& buffer) override { found[buffer.get()].insert(stage); }
  } walker;
  size_t next = 0;
  for (const Stmt& s : StatementsOf(pipeline->body)) {
    if (!IsOperator(s) || next >= pipeline->stages.size()) continue;
    walker.stage = pipeline->stages[next++];
    walker.VisitStmt(s);
  }
  return walker.found;
}

void CheckDepths(const PrimFunc& func, const Report& report) {
  ForEachPipeline(func, [&](const PipelineObj* pipeline) {
    auto stages = StagesOf(pipeline);
    for (const Channel& channel : pipeline->channels) {
      const std::set<int64_t>& used = stages[channel->buffer.get()];
      const int64_t alive = used.empty() ? 1 : *used.rbegin() - *used.begin() + 1;
      if (channel->depth >= alive) continue;
      report(std::string(channel->buffer->name) + " has " + std::to_string(channel->depth) +
             " versions, of which " + std::to_string(alive) + " are alive at once");
    }
  });
}

void ForbidPipelines(const PrimFunc& func, const Report& report) {
  ForEachPipeline(func, [&](const PipelineObj*) { report("a pipeline"); });
}

}  // namespace

std::vector<SpecRule> ScheduleRules() {
  return {
      {"no-pipeline", "only the scheduled stage has pipelines", true, false, true, ForbidPipelines},
      {"pipeline-lists", "a pipeline gives each operator of its body a stage, a position, an atom",
       false, true, false, CheckLists},
      {"channel-scope", "channels are shared buffers", false, true, false, CheckChannels},
      {"channel-depth", "a channel has as many versions as are alive at once", false, true, false,
       CheckDepths},
  };
}

}  // namespace tilescale::ir
