#ifndef TILESCALE_CC_IR_SPEC_H_
#define TILESCALE_CC_IR_SPEC_H_

#include <functional>
#include <string>
#include <vector>

#include "cc/ir/function.h"

namespace tilescale::ir {

/// The forms that a kernel takes on its way down (docs/ir.md).
enum class Stage {
  kTile,       // tile operators and Parallel/Pipelined loops over regions
  kScheduled,  // the same with pipelines: operators have stages, shared buffers have versions
  kMapped,     // loops and operators again: fragments and loops have layouts
  kThread,     // scalar statements only
};
Stage StageByName(const std::string& name);

/// Reports a breach: what was found, in a few words.
using Report = std::function<void(const std::string& found)>;

/// One sentence of what is legal. Rules are independent: each finds its own breaches only.
struct SpecRule {
  std::string name;  // "operand-types"
  std::string text;  // "both operands of a binary operator have one dtype"
  bool tile;         // holds at the tile stage
  bool scheduled;    // holds at the scheduled stage
  bool thread;       // holds at the thread stage
  std::function<void(const PrimFunc&, const Report&)> check;
  /// One of the mapped stage's own; there rules of the tile stage hold too, and those that hold
  /// both before and behind it.
  bool mapped = false;

  bool HoldsAt(Stage stage) const;
};

/// Larger `Parallel` loops are dealt out by formula, without a layout of their points.
inline constexpr int64_t kMaxMappedPoints = int64_t{1} << 17;

/// All rules, in the order of the documentation.
const std::vector<SpecRule>& SpecRules();

/// Every breach of the stage's rules, as "rule: found"; empty if `func` is legal. Run after each
/// pass in tests and under the knob TILESCALE_CHECK_SPEC.
std::vector<std::string> CheckSpec(const PrimFunc& func, Stage stage);

// The groups of rules, each in a source file of its own.
std::vector<SpecRule> ScopeRules();     // names and where they may be used
std::vector<SpecRule> TypeRules();      // dtypes, ranks
std::vector<SpecRule> ShapeRules();     // which nodes may stand where
std::vector<SpecRule> ScheduleRules();  // pipelines
std::vector<SpecRule> MappedRules();    // layouts

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_SPEC_H_
