#ifndef TILESCALE_CC_LOWER_CPU_CONTEXT_H_
#define TILESCALE_CC_LOWER_CPU_CONTEXT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cc/ir/expr.h"
#include "cc/lower/cpu/planted_bugs.h"

namespace tilescale::lower::cpu {

/// The options of one compilation for the CPU target.
struct Context {
  /// False: no access is checked against its buffer; out-of-range accesses are undefined.
  bool check_bounds = true;
  /// False: every check is emitted, also those that are provably true.
  bool prove_bounds = true;
  /// Writes `#line` so that a debugger shows the user's source.
  bool line_directives = false;
  /// For tests of the tests only.
  PlantedBug bug = PlantedBug::kNone;

  /// Whether a condition holds wherever the operator being lowered is reached.
  std::function<bool(const ir::Expr&)> can_prove = [](const ir::Expr&) { return false; };

  /// How the prover answered the queries of this compilation, by counter, over all passes.
  std::shared_ptr<std::map<std::string, int64_t>> prover_counters =
      std::make_shared<std::map<std::string, int64_t>>();

  bool Has(PlantedBug which) const { return bug == which; }
};

}  // namespace tilescale::lower::cpu

#endif  // TILESCALE_CC_LOWER_CPU_CONTEXT_H_
