#ifndef TILESCALE_CC_OP_THREAD_LEVEL_H_
#define TILESCALE_CC_OP_THREAD_LEVEL_H_

#include <string>

namespace tilescale::op {

/// Whether the intrinsic works on single threads, warps or barriers of a GPU program.
bool IsThreadLevel(const std::string& intrinsic);

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_THREAD_LEVEL_H_
