// Random numbers as CUDA C++: `ts_random` is declared at the start of a kernel that draws.
#include "cc/codegen/cuda/writer.h"

namespace tilescale::codegen::cuda {
namespace {

std::string EmitInit(Writer* w, const ir::CallObj* call) {
  w->Use("rng");
  return "ts_random.init(uint64_t(" + Arg(w, call, 0) + "), uint64_t(" + Arg(w, call, 1) +
         "), uint64_t(" + Arg(w, call, 2) + "))";
}

std::string EmitRand(Writer* w, const ir::CallObj* call) {
  w->Use("rng");
  return w->Convert("ts_random.next()", ir::dtype::UInt(32), call->dtype);
}

std::string EmitFloat(Writer* w, const ir::CallObj* call) {
  w->Use("rng");
  auto bits = call->attrs.find("bit");
  bool wide = bits != call->attrs.end() && (*bits).second.cast<int64_t>() == 64;
  bool normal = Attr(call, "dist", "uniform") == "normal";
  std::string draw = std::string("ts_random.") + (normal ? "normal(" : "uniform(");
  return w->Convert(draw + (wide ? "64)" : "32)"), ir::dtype::Float(64), call->dtype);
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterCallEmitter("rng_init", EmitInit),
    RegisterCallEmitter("rng_rand", EmitRand),
    RegisterCallEmitter("rng_rand_float", EmitFloat),
};

}  // namespace
}  // namespace tilescale::codegen::cuda
