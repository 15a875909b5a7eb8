#ifndef TILESCALE_CC_PASS_CUDA_PIPELINE_H_
#define TILESCALE_CC_PASS_CUDA_PIPELINE_H_

#include <functional>
#include <string>
#include <vector>

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

/// One step of the CUDA pipeline.
struct CudaPass {
  std::string name;
  std::function<ir::PrimFunc(const ir::PrimFunc&, const lower::cuda::Context&)> run;
};

/// The passes from the tile stage to the program of one thread, in order.
const std::vector<CudaPass>& CudaPipeline();

/// Runs all of `CudaPipeline`. `after` sees each pass's name and result; it may be empty.
ir::PrimFunc RunCudaPipeline(
    ir::PrimFunc func, const lower::cuda::Context& context,
    const std::function<void(const std::string&, const ir::PrimFunc&)>& after = {});

/// Lowers a function. Of `context->divisible` only what vectors use is left: the rest is assumed
/// nowhere.
ir::PrimFunc LowerForCuda(const ir::PrimFunc& func, lower::cuda::Context* context);

/// The context that compile options describe ("arch" and those of the CPU target), with the threads
/// that the kernel asks for. Throws `CompileOptionError` for unknown values.
lower::cuda::Context MakeCudaContext(const ir::PrimFunc& func,
                                     const tvm::ffi::Map<tvm::ffi::String, tvm::ffi::Any>& options);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_CUDA_PIPELINE_H_
