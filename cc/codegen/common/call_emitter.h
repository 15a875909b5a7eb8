#ifndef TILESCALE_CC_CODEGEN_COMMON_CALL_EMITTER_H_
#define TILESCALE_CC_CODEGEN_COMMON_CALL_EMITTER_H_

#include <functional>
#include <string>

#include "cc/codegen/common/writer.h"

namespace tilescale::codegen {

enum class Target { kCpu, kCuda };

/// Writes a call of one intrinsic as an expression. The writer is that of the target.
using CallEmitter = std::function<std::string(Writer*, const ir::CallObj*)>;

/// Registers the emitter of an intrinsic at static-initialisation time.
bool RegisterCallEmitter(Target target, const std::string& intrinsic, CallEmitter emit);
/// Writes a call; throws `IntrinsicNotOnTargetError` if the target has no emitter for it.
std::string EmitCall(Target target, Writer* writer, const ir::CallObj* call);

/// Argument `i` as text.
std::string Arg(Writer* w, const ir::CallObj* call, int i);
/// A string attribute.
std::string Attr(const ir::CallObj* call, const char* key, const char* otherwise);

/// Throws `IntrinsicNotOnTargetError`.
[[noreturn]] void ThrowNotOnTarget(const Writer& writer, const std::string& what);

}  // namespace tilescale::codegen

#endif  // TILESCALE_CC_CODEGEN_COMMON_CALL_EMITTER_H_
