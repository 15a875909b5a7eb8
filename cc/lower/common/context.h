#ifndef TILESCALE_CC_LOWER_COMMON_CONTEXT_H_
#define TILESCALE_CC_LOWER_COMMON_CONTEXT_H_

#include <functional>
#include <memory>
#include <string>

#include "cc/arith/prover.h"
#include "cc/ir/expr.h"
#include "cc/lower/common/planted_bugs.h"

namespace tilescale::lower {

/// The options of one compilation that every target has.
struct Context {
  /// What messages call the target.
  std::string target = "CPU";
  /// Whether a program has several threads, so that thread-level operations mean something.
  bool has_threads = false;
  /// False: no access is checked against its buffer; out-of-range accesses are undefined.
  bool check_bounds = true;
  /// False: every check is emitted, also those that are provably true.
  bool prove_bounds = true;
  /// False: every shared buffer has a place of its own, also where the kernel then does not fit.
  bool reuse_shared = true;
  /// Writes `#line` so that a debugger shows the user's source.
  bool line_directives = false;
  /// For tests of the tests only.
  PlantedBug bug = PlantedBug::kNone;

  /// One per compilation: its caches, its Z3 and its counters serve all passes, each in a
  /// scope of its own.
  std::shared_ptr<arith::Analyzer> analyzer = std::make_shared<arith::Analyzer>();
  /// Whether a condition holds wherever the operator being lowered is reached.
  std::function<bool(const ir::Expr&)> can_prove = [](const ir::Expr&) { return false; };

  bool Has(PlantedBug which) const { return bug == which; }
};

}  // namespace tilescale::lower

#endif  // TILESCALE_CC_LOWER_COMMON_CONTEXT_H_
