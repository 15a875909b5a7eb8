#ifndef TILESCALE_CC_CODEGEN_CPU_COMPILE_H_
#define TILESCALE_CC_CODEGEN_CPU_COMPILE_H_

#include <string>

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::codegen::cpu {

/// A kernel as C, and what the runtime must know to launch it.
struct CompiledSource {
  std::string source;
  std::string signature;  // JSON, see cc/runtime/README.md
};

/// Emits a function that went through the CPU pipeline.
CompiledSource EmitKernel(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::codegen::cpu

#endif  // TILESCALE_CC_CODEGEN_CPU_COMPILE_H_
