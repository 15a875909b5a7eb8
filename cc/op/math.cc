// Declarations of the mathematical intrinsics.
#include "cc/ir/intrinsic.h"

namespace tilescale::op {
namespace {

using ir::Effect;
using ir::TypeRule;

void Declare(const char* name, int arity, TypeRule rule, const char* doc) {
  ir::RegisterIntrinsic({name, arity, Effect::kPure, rule, doc});
}

void DeclareElementary() {
  for (const char* name :
       {"exp",       "exp2",  "exp10", "log",  "log2",    "log10", "log1p", "sqrt",  "rsqrt",
        "sin",       "cos",   "tan",   "sinh", "cosh",    "tanh",  "asin",  "acos",  "atan",
        "asinh",     "acosh", "atanh", "erf",  "sigmoid", "floor", "ceil",  "trunc", "round",
        "nearbyint", "rint",  "expm1", "cbrt", "erfc",    "rcp"}) {
    Declare(name, 1, TypeRule::kSameFloat, "f(x) of a floating value");
  }
  for (const char* name : {"pow", "fmod", "hypot", "atan2", "copysign", "fdim"}) {
    Declare(name, 2, TypeRule::kSameFloat, "f(x, y) of floating values");
  }
  Declare("abs", 1, TypeRule::kSame, "abs(x)");
  Declare("fabs", 1, TypeRule::kSame, "abs(x)");
  Declare("clamp", 3, TypeRule::kSame, "clamp(x, low, high)");
  Declare("ldexp", 2, TypeRule::kExplicit, "ldexp(x, n): x * 2**n for an integer n");
  Declare("popcount", 1, TypeRule::kInt32, "popcount(x): the number of set bits");
  Declare("clz", 1, TypeRule::kInt32, "clz(x): leading zero bits; the width for 0");
  for (const char* name : {"isnan", "isinf", "isfinite"}) {
    Declare(name, 1, TypeRule::kBool, "class of a floating value");
  }
}

// On the CPU the fast forms are the exact ones.
void DeclareFast() {
  for (const char* name :
       {"__exp", "__exp10", "__log", "__log2", "__log10", "__sin", "__cos", "__tan", "fast_rcp"}) {
    Declare(name, 1, TypeRule::kSameFloat, "a fast approximation");
  }
  Declare("fma", 3, TypeRule::kSameFloat, "fma(a, b, c): a * b + c, rounded once");
  Declare("fmul", 2, TypeRule::kSameFloat, "fmul(a, b)");
}

void DeclareIeee() {
  for (const char* name : {"ieee_add", "ieee_sub", "ieee_mul", "ieee_fdiv"}) {
    Declare(name, 2, TypeRule::kSameFloat, "f(a, b, rounding_mode=\"rn\")");
  }
  for (const char* name : {"ieee_frcp", "ieee_fsqrt", "ieee_frsqrt"}) {
    Declare(name, 1, TypeRule::kSameFloat, "f(a, rounding_mode=\"rn\")");
  }
  Declare("ieee_fmaf", 3, TypeRule::kSameFloat, "ieee_fmaf(a, b, c, rounding_mode=\"rn\")");
}

void DeclareBits() {
  Declare("reinterpret", 1, TypeRule::kExplicit, "the bits of a value as another type");
  ir::RegisterIntrinsic({"dp4a", 3, Effect::kRead, TypeRule::kInt32,
                         "dp4a(a, b, c): c + the dot product of 4 int8 at a and b"});
  for (const char* name : {"any_of", "all_of"}) {
    ir::RegisterIntrinsic({name, 1, Effect::kRead, TypeRule::kBool, "f(region of values)"});
  }
}

bool DeclareAll() {
  DeclareElementary();
  DeclareFast();
  DeclareIeee();
  DeclareBits();
  return true;
}

[[maybe_unused]] const bool kDeclared = DeclareAll();

}  // namespace
}  // namespace tilescale::op
