#ifndef TILESCALE_CC_PASS_SPLIT_LAUNCHES_H_
#define TILESCALE_CC_PASS_SPLIT_LAUNCHES_H_

#include "cc/ir/function.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// One function for each `T.Kernel` of a function, to be called one after another with the same
/// arguments; the function itself if it has one. What is computed before a launch goes with it. Of
/// what the runtime allocates, the first function makes everything, as outputs, and the others take
/// it as inputs: workspaces carry values from launch to launch.
///
/// Must run before every pipeline: they, and code generation, know one grid.
ffi::Array<ir::PrimFunc> SplitLaunches(const ir::PrimFunc& func);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SPLIT_LAUNCHES_H_
