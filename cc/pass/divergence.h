#ifndef TILESCALE_CC_PASS_DIVERGENCE_H_
#define TILESCALE_CC_PASS_DIVERGENCE_H_

#include <unordered_set>

#include "cc/ir/function.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// Which names and scalars of a block's program differ between its threads.
class Divergence {
 public:
  explicit Divergence(const ir::Stmt& body);

  bool IsDivergent(const ir::Expr& e) const;
  /// Whether threads may disagree about how often, or whether, the body of a loop or a branch runs.
  bool IsDivergent(const ir::Stmt& s) const;

 private:
  bool Grow(const ir::Stmt& body);

  std::unordered_set<const ffi::Object*> names_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_DIVERGENCE_H_
