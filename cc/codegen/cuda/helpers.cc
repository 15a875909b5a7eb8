// Functions that generated text defines if it uses them.
#include <utility>
#include <vector>

#include "cc/codegen/cuda/writer.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

using Helper = std::pair<std::string, const char*>;

const std::vector<Helper>& Helpers() {
  static const std::vector<Helper> helpers = {
      {"min", R"(template <typename T>
TS_DEVICE T min_of(T a, T b) {
  return b < a ? b : a;
}
)"},
      {"max", R"(template <typename T>
TS_DEVICE T max_of(T a, T b) {
  return a < b ? b : a;
}
)"},
      {"floordiv", R"(template <typename T>
TS_DEVICE T floordiv(T a, T b) {
  T q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? T(q - 1) : q;
}
)"},
      {"floormod", R"(template <typename T>
TS_DEVICE T floormod(T a, T b) {
  T r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? T(r + b) : r;
}
)"},
      {"saturate",
       R"(// To an integer in [low, high): truncated, the nearest limit outside, 0 for NaN.
template <typename To, typename From>
TS_DEVICE To saturate(From x, double low, double high) {
  if (x != x) return 0;
  if (x <= low) return To(low);
  return x >= high ? To(~To(low)) : To(x);
}
)"},
  };
  return helpers;
}

}  // namespace

const std::string& Writer::Use(const std::string& helper) {
  static const std::map<std::string, std::string> names = {{"min", "min_of"},
                                                           {"max", "max_of"},
                                                           {"floordiv", "floordiv"},
                                                           {"floormod", "floormod"},
                                                           {"saturate", "saturate"}};
  auto it = names.find(helper);
  TILESCALE_CHECK(it != names.end(), "there is no helper " << helper);
  helpers_.insert(helper);
  return it->second;
}

std::string HelperText(const std::set<std::string>& used) {
  std::string text;
  for (const auto& [name, definition] : Helpers()) {
    if (used.count(name)) text += std::string(definition) + "\n";
  }
  return text;
}

}  // namespace tilescale::codegen::cuda
