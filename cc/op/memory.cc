// Declarations of the intrinsics that change memory or hidden state.
#include "cc/ir/intrinsic.h"

namespace tilescale::op {
namespace {

using ir::Effect;
using ir::TypeRule;

using ir::MemoryUse;

void Declare(const std::string& name, int arity, TypeRule rule, const char* doc,
             std::vector<MemoryUse> memory = {}) {
  ir::RegisterIntrinsic({name, arity, Effect::kState, rule, doc, std::move(memory)});
}

bool DeclareAll() {
  for (const char* kind : {"add", "max", "min", "or", "and", "xor", "exch"}) {
    Declare("atomic_" + std::string(kind), 2, TypeRule::kExplicit,
            "atomic(address, value): gives the old value", {MemoryUse::kAtomic});
  }
  Declare("atomic_load", 1, TypeRule::kExplicit, "atomic_load(address)", {MemoryUse::kAtomic});
  Declare("atomic_store", 2, TypeRule::kExplicit, "atomic_store(address, value)",
          {MemoryUse::kAtomic});
  // Each thread has its own generator.
  auto random = [](const char* name, int arity, TypeRule rule, const char* doc) {
    ir::RegisterIntrinsic({name, arity, Effect::kState, rule, doc, {}, ir::Executors::kAll});
  };
  random("rng_init", 3, TypeRule::kInt32, "rng_init(seed, sequence, offset)");
  random("rng_rand", 0, TypeRule::kExplicit, "rng_rand(): a uniform uint32");
  random("rng_rand_float", 0, TypeRule::kExplicit,
         "rng_rand_float(bit=32, dist=\"uniform\" | \"normal\")");
  Declare("cuda.copy_vector", 2, TypeRule::kExplicit,
          "copy_vector(to, from): attrs bytes; both addresses are aligned to them",
          {MemoryUse::kWrite, MemoryUse::kRead});
  Declare(
      "cuda.atomic_add_vector", 2, TypeRule::kExplicit,
      "atomic_add_vector(to, values): attrs bytes, to which both addresses are aligned; adds to "
      "each element by itself, relaxed",
      {MemoryUse::kAtomic, MemoryUse::kRead});
  Declare("cpu.print_text", 1, TypeRule::kInt32, "adds a text to the line being printed");
  Declare("cpu.print_value", 1, TypeRule::kInt32, "adds a value to the line");
  Declare("cpu.print_element", 1, TypeRule::kInt32, "adds an element of a list to the line");
  Declare("cpu.print_end", 0, TypeRule::kInt32, "prints the line");
  Declare("cpu.fail", 1, TypeRule::kInt32, "ends the launch with a message");
  Declare("cpu.gemm", -1, TypeRule::kInt32, "the micro-kernel: addresses of a, b, c and panels");
  return true;
}

[[maybe_unused]] const bool kDeclared = DeclareAll();

}  // namespace
}  // namespace tilescale::op
