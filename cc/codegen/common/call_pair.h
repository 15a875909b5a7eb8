#ifndef TILESCALE_CC_CODEGEN_COMMON_CALL_PAIR_H_
#define TILESCALE_CC_CODEGEN_COMMON_CALL_PAIR_H_

#include <string>

#include "cc/ir/expr.h"

namespace tilescale::codegen {

/// "add2_float16" of two words: its operation and type.
struct PairCall {
  std::string op;    // "add2"
  std::string type;  // "float16"
};

/// The parts of an intrinsic's name.
PairCall ParsePairCall(const ir::CallObj* call);
/// The same as scalar operations on both lanes. The arguments are repeated.
ir::Expr ExpandPair(const ir::CallObj* call);

}  // namespace tilescale::codegen

#endif  // TILESCALE_CC_CODEGEN_COMMON_CALL_PAIR_H_
