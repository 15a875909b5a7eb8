#ifndef TILESCALE_CC_OP_THREAD_LEVEL_H_
#define TILESCALE_CC_OP_THREAD_LEVEL_H_

#include <string>

#include "cc/ir/expr.h"

namespace tilescale::op {

/// Whether the intrinsic works on single threads, warps or barriers of a GPU program.
bool IsThreadLevel(const std::string& intrinsic);

/// What users call it: the front end notes it where the intrinsic has another name.
std::string CalledName(const ir::CallObj* call);

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_THREAD_LEVEL_H_
