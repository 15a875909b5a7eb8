#include "cc/ir/spec.h"

#include "cc/support/diagnostic.h"

namespace tilescale::ir {

Stage StageByName(const std::string& name) {
  if (name == "tile") return Stage::kTile;
  if (name == "scheduled") return Stage::kScheduled;
  if (name == "mapped") return Stage::kMapped;
  TILESCALE_CHECK(name == "thread", "there is no stage " << name);
  return Stage::kThread;
}

const std::vector<SpecRule>& SpecRules() {
  static const std::vector<SpecRule> rules = [] {
    std::vector<SpecRule> all = ScopeRules();
    for (SpecRule& rule : TypeRules()) all.push_back(std::move(rule));
    for (SpecRule& rule : ShapeRules()) all.push_back(std::move(rule));
    for (SpecRule& rule : ScheduleRules()) all.push_back(std::move(rule));
    for (SpecRule& rule : MappedRules()) all.push_back(std::move(rule));
    return all;
  }();
  return rules;
}

bool SpecRule::HoldsAt(Stage stage) const {
  if (stage == Stage::kTile) return tile;
  if (stage == Stage::kScheduled) return scheduled;
  return stage == Stage::kMapped ? mapped || tile || (scheduled && thread) : thread;
}

std::vector<std::string> CheckSpec(const PrimFunc& func, Stage stage) {
  std::vector<std::string> breaches;
  for (const SpecRule& rule : SpecRules()) {
    if (!rule.HoldsAt(stage)) continue;
    rule.check(func,
               [&](const std::string& found) { breaches.push_back(rule.name + ": " + found); });
  }
  return breaches;
}

}  // namespace tilescale::ir
