// Mathematical intrinsics of CUDA: where the GPU has its own functions.
#include "cc/codegen/cuda/writer.h"

namespace tilescale::codegen::cuda {
namespace {

// `format`: $0, $1, $2 are arguments, $f is "f" for float and nothing for double.
void Formula(const std::string& name, const std::string& format) {
  RegisterCallEmitter(name, [format](Writer* w, const ir::CallObj* call) {
    std::vector<std::pair<char, std::string>> values;
    values.emplace_back('f', call->dtype.bits == 64 ? "" : "f");
    for (size_t i = 0; i < call->args.size(); ++i) {
      values.emplace_back(static_cast<char>('0' + i), Arg(w, call, static_cast<int>(i)));
    }
    std::string text = FillTemplate(format, values);
    return IsNarrowFloat(call->dtype) ? w->Round(text, ir::dtype::Float(32), call->dtype) : text;
  });
}

bool RegisterAll() {
  Formula("exp10", "exp10$f($0)");
  Formula("rsqrt", "rsqrt$f($0)");
  Formula("fast_rcp", "(1.0$f / $0)");
  Formula("ieee_frcp", "(1.0$f / $0)");
  Formula("ieee_fmaf", "fma$f($0, $1, $2)");
  Formula("ieee_mul", "($0 * $1)");
  Formula("ieee_add", "($0 + $1)");
  Formula("ieee_sub", "($0 - $1)");
  Formula("ieee_fdiv", "($0 / $1)");
  Formula("ieee_fsqrt", "sqrt$f($0)");
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
