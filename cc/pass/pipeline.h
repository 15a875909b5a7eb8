#ifndef TILESCALE_CC_PASS_PIPELINE_H_
#define TILESCALE_CC_PASS_PIPELINE_H_

#include <functional>
#include <string>
#include <vector>

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// One step of a pipeline. It has no state: the same function gives the same result.
struct Pass {
  std::string name;
  std::function<ir::PrimFunc(const ir::PrimFunc&, const lower::Context&)> run;
};

/// The passes from the tile stage to what the CPU's C emitter takes, in order.
const std::vector<Pass>& CpuPipeline();

/// Runs all of `CpuPipeline`. `after` sees each pass's name and result; it may be empty.
ir::PrimFunc RunCpuPipeline(
    ir::PrimFunc func, const lower::Context& context,
    const std::function<void(const std::string&, const ir::PrimFunc&)>& after = {});

/// The context that compile options describe; throws `CompileOptionError` for unknown values.
lower::Context MakeContext(const tvm::ffi::Map<tvm::ffi::String, tvm::ffi::Any>& options);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_PIPELINE_H_
