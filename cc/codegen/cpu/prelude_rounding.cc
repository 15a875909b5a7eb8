// Arithmetic that rounds as asked: each result is rounded once, and fused with nothing.
#include "cc/codegen/common/writer.h"
#include "cc/codegen/cpu/prelude.h"

namespace tilescale::codegen::cpu {
namespace {

constexpr const char* kModes = "\n#include <fenv.h>\n";

// Operands and result go through memory, so that nothing is computed under another mode.
constexpr const char* kRounded = R"(
static __attribute__((noinline)) $t ts_round_$n(int mode, $t a, $t b, $t c) {
  volatile $t x = a, y = b, z = c, r;
  int before = fegetround();
  fesetround(mode);
  r = $e;
  fesetround(before);
  (void)y; (void)z;
  return r;
}
)";

void Add(std::vector<Helper>* list, const std::string& name, const std::string& expression) {
  for (const char* type : {"float", "double"}) {
    const bool single = std::string(type) == "float";
    const std::string suffix = name + (single ? "_f32" : "_f64");
    std::string value = FillTemplate(expression, {{'f', single ? "f" : ""}});
    list->push_back({"ts_round_" + suffix,
                     {"ts_rounding"},
                     FillTemplate(kRounded, {{'t', type}, {'n', suffix}, {'e', value}})});
  }
}

}  // namespace

void AddRoundingHelpers(std::vector<Helper>* list) {
  list->push_back({"ts_rounding", {}, kModes});
  Add(list, "add", "x + y");
  Add(list, "sub", "x - y");
  Add(list, "mul", "x * y");
  Add(list, "div", "x / y");
  Add(list, "rcp", "1 / x");
  Add(list, "sqrt", "sqrt$f(x)");
  Add(list, "fma", "fma$f(x, y, z)");
}

}  // namespace tilescale::codegen::cpu
