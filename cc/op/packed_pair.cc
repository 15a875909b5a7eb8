// Declarations of the operations on two floating values in one word, the first in the low bits:
// uint32 for float16 and bfloat16, uint64 for float32. Each lane is the result of the scalar
// operation, rounded once; products and sums are never fused.
#include "cc/ir/intrinsic.h"

namespace tilescale::op {
namespace {

bool DeclareAll() {
  for (const char* type : {"float16", "bfloat16", "float32"}) {
    auto declare = [type](const std::string& name, int arity) {
      ir::RegisterIntrinsic({name + "_" + type, arity, ir::Effect::kPure, ir::TypeRule::kSame,
                             name + " of pairs of " + type});
    };
    for (const char* name : {"add2", "sub2", "mul2", "max2", "min2"}) declare(name, 2);
    declare("fma2", 3);
    declare("abs2", 1);
  }
  return true;
}

[[maybe_unused]] const bool kDeclared = DeclareAll();

}  // namespace
}  // namespace tilescale::op
