#ifndef TILESCALE_CC_ARITH_Z3_PROVER_H_
#define TILESCALE_CC_ARITH_Z3_PROVER_H_

#include "cc/arith/prover.h"
#include "cc/arith/z3_api.h"

namespace tilescale::arith {

/// Z3's answer to one question, within a count of resources that is the same on every machine.
class Z3Prover {
 public:
  explicit Z3Prover(const Z3Api* api) : z3_(api) {}
  ~Z3Prover() { Drop(); }
  Z3Prover(const Z3Prover&) = delete;
  Z3Prover& operator=(const Z3Prover&) = delete;

  /// Whether `cond` follows from the analyzer's facts; false if more than `rlimit` is needed.
  /// Independent of earlier questions: what they leave in the context could only matter to an
  /// answer near the limit, so one that takes more than half of it is repeated in a new context.
  bool Prove(const ir::Expr& cond, Analyzer* analyzer, uint32_t rlimit);
  /// Resource units of the last question.
  uint32_t used() const { return used_; }

 private:
  bool Ask(const ir::Expr& cond, Analyzer* analyzer, uint32_t rlimit);
  void Drop();
  uint32_t CountOf(Z3_solver solver);

  const Z3Api* z3_;
  Z3_context context_ = nullptr;
  /// Z3 counts per context; this is where the last question ended.
  uint32_t total_ = 0;
  uint32_t used_ = 0;
  bool fresh_ = true;
};

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_Z3_PROVER_H_
