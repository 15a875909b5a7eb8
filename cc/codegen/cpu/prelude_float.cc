// Conversions between float and the narrow floating types, free of branches so that loops over them
// are vectorised, and the operations on floats that C defines differently.
#include "cc/codegen/common/writer.h"
#include "cc/codegen/cpu/prelude.h"

namespace tilescale::codegen::cpu {
namespace {

constexpr const char* kBits = R"(
static inline uint32_t ts_bits_f32(float x) { uint32_t u; __builtin_memcpy(&u, &x, 4); return u; }
static inline float ts_f32_bits(uint32_t u) { float x; __builtin_memcpy(&x, &u, 4); return x; }
)";

constexpr const char* kLoadF16 = R"(
static inline float ts_load_f16(uint16_t h) {
  uint32_t em = (uint32_t)(h & 0x7fff) << 13;
  float x = ts_f32_bits(em) * 0x1p112f;
  uint32_t u = ts_bits_f32(x) | (em >= 0x0f800000u ? 0x7f800000u : 0u);
  return ts_f32_bits(u | (uint32_t)(h & 0x8000) << 16);
}
)";

// Round to nearest even: normal numbers by adding half a unit, subnormal ones by the addition of a
// number whose last place is float16's smallest step.
constexpr const char* kStoreF16 = R"(
static inline uint16_t ts_store_f16(float x) {
  uint32_t u = ts_bits_f32(x), a = u & 0x7fffffffu;
  uint32_t normal = (a + 0xc8000fffu + ((a >> 13) & 1)) >> 13;
  uint32_t small = ts_bits_f32(ts_f32_bits(a) + 0.5f) - 0x3f000000u;
  uint32_t big = a > 0x7f800000u ? 0x7e00u : 0x7c00u;
  uint32_t h = a < 0x38800000u ? small : a >= 0x477ff000u ? big : normal;
  return (uint16_t)(h | u >> 16 & 0x8000u);
}
)";

constexpr const char* kStoreF16Truncating = R"(
static inline uint16_t ts_store_f16_truncating(float x) {
  uint32_t u = ts_bits_f32(x), a = u & 0x7fffffffu;
  uint32_t h = a < 0x38800000u ? 0u : a >= 0x47800000u ? 0x7c00u : (a - 0x38000000u) >> 13;
  return (uint16_t)(h | u >> 16 & 0x8000u);
}
)";

constexpr const char* kLoadBf16 = R"(
static inline float ts_load_bf16(uint16_t h) { return ts_f32_bits((uint32_t)h << 16); }
)";

constexpr const char* kStoreBf16 = R"(
static inline uint16_t ts_store_bf16(float x) {
  uint32_t u = ts_bits_f32(x);
  uint32_t rounded = (u + 0x7fffu + (u >> 16 & 1)) >> 16;
  return (uint16_t)((u & 0x7fffffffu) > 0x7f800000u ? (u >> 16 | 0x40u) : rounded);
}
)";

constexpr const char* kStoreBf16Truncating = R"(
static inline uint16_t ts_store_bf16_truncating(float x) {
  return (uint16_t)(ts_bits_f32(x) >> 16);
}
)";

// e4m3: 4 exponent bits with bias 7, no infinities, largest value 448, NaN 0x7f.
constexpr const char* kLoadE4m3 = R"(
static inline float ts_load_e4m3(uint8_t h) {
  uint32_t em = (uint32_t)(h & 0x7f) << 20;
  float x = ts_f32_bits(em) * 0x1p120f;
  uint32_t u = em == 0x07f00000u ? 0x7fc00000u : ts_bits_f32(x);
  return ts_f32_bits(u | (uint32_t)(h & 0x80) << 24);
}
)";

constexpr const char* kStoreE4m3 = R"(
static inline uint8_t ts_store_e4m3(float x) {
  uint32_t u = ts_bits_f32(x), a = u & 0x7fffffffu;
  uint32_t normal = (a - 0x3c000000u + 0x7ffffu + ((a >> 20) & 1)) >> 20;
  uint32_t small = ts_bits_f32(ts_f32_bits(a) + 16384.0f) - 0x46800000u;
  uint32_t h = a < 0x3c800000u ? small : normal;
  h = a > 0x7f800000u ? 0x7fu : a >= 0x43e00000u ? 0x7eu : h;
  return (uint8_t)(h | u >> 24 & 0x80u);
}
)";

// e5m2: float16 cut to 8 bits; conversions saturate to 57344 instead of overflowing.
constexpr const char* kLoadE5m2 = R"(
static inline float ts_load_e5m2(uint8_t h) { return ts_load_f16((uint16_t)((uint16_t)h << 8)); }
)";

constexpr const char* kStoreE5m2 = R"(
static inline uint8_t ts_store_e5m2(float x) {
  uint32_t u = ts_bits_f32(x), a = u & 0x7fffffffu;
  uint32_t normal = (a - 0x38000000u + 0xfffffu + ((a >> 21) & 1)) >> 21;
  uint32_t small = ts_bits_f32(ts_f32_bits(a) + 128.0f) - 0x43000000u;
  uint32_t h = a < 0x38800000u ? small : normal;
  h = a > 0x7f800000u ? 0x7eu : a >= 0x47600000u ? 0x7bu : h;
  return (uint8_t)(h | u >> 24 & 0x80u);
}
)";

// Double to float so that a further rounding to a narrower type is as if it were the only one.
constexpr const char* kOdd = R"(
static inline float ts_odd_f32(double x) {
  float y = (float)x;
  uint32_t u = ts_bits_f32(y);
  if ((double)y == x || y != y || (u & 1)) return y;
  if (u << 1 == 0xff000000u) return ts_f32_bits(u - 1);
  int up = (x > (double)y) == (x > 0);
  return ts_f32_bits(up ? u + 1 : u - 1);
}
)";

// a * b + c, whose product is exact: if it is inexact, the neighbour whose last bit is set.
constexpr const char* kFusedOdd = R"(
static inline double ts_fused_odd(double a, double b, double c) {
  double product = a * b;
  double sum = product + c;
  double back = sum - product;
  double rest = (product - (sum - back)) + (c - back);
  if (rest == 0 || rest != rest) return sum;
  uint64_t bits;
  memcpy(&bits, &sum, sizeof bits);
  if (bits & 1) return sum;
  bits += (rest > 0) == (sum > 0) ? 1 : -1;
  memcpy(&sum, &bits, sizeof bits);
  return sum;
}
)";

constexpr const char* kMin = R"(
static inline $t ts_min_$s($t a, $t b) { return a < b || b != b ? a : b; }
)";
constexpr const char* kMax = R"(
static inline $t ts_max_$s($t a, $t b) { return a > b || b != b ? a : b; }
)";

void AddNarrow(std::vector<Helper>* list, const std::string& suffix, const char* load,
               const char* store, std::vector<std::string> needs) {
  list->push_back({"ts_load_" + suffix, needs, load});
  list->push_back({"ts_store_" + suffix, {"ts_bits"}, store});
  std::string round = FillTemplate(
      "static inline float ts_round_$s(float x) { return ts_load_$s(ts_store_$s(x)); }\n",
      {{'s', suffix}});
  list->push_back({"ts_round_" + suffix, {"ts_load_" + suffix, "ts_store_" + suffix}, round});
}

void AddTruncating(std::vector<Helper>* list, const std::string& suffix, const char* store) {
  std::string name = "ts_store_" + suffix + "_truncating";
  list->push_back({name, {"ts_bits"}, store});
  std::string round = FillTemplate(
      "static inline float ts_round_$s_truncating(float x) { return ts_load_$s($n(x)); }\n",
      {{'s', suffix}, {'n', name}});
  list->push_back({"ts_round_" + suffix + "_truncating", {"ts_load_" + suffix, name}, round});
}

}  // namespace

void AddFloatHelpers(std::vector<Helper>* list) {
  list->push_back({"ts_bits", {}, kBits});
  AddNarrow(list, "f16", kLoadF16, kStoreF16, {"ts_bits"});
  AddNarrow(list, "bf16", kLoadBf16, kStoreBf16, {"ts_bits"});
  AddNarrow(list, "e4m3", kLoadE4m3, kStoreE4m3, {"ts_bits"});
  AddNarrow(list, "e5m2", kLoadE5m2, kStoreE5m2, {"ts_load_f16"});
  AddTruncating(list, "f16", kStoreF16Truncating);
  AddTruncating(list, "bf16", kStoreBf16Truncating);
  list->push_back({"ts_odd_f32", {"ts_bits"}, kOdd});
  list->push_back({"ts_fused_odd", {}, kFusedOdd});
  for (const auto& [type, suffix] : {std::pair("float", "f32"), std::pair("double", "f64")}) {
    auto fill = [&, t = type, s = suffix](const char* text) {
      return FillTemplate(text, {{'t', t}, {'s', s}});
    };
    list->push_back({"ts_min_" + std::string(suffix), {}, fill(kMin)});
    list->push_back({"ts_max_" + std::string(suffix), {}, fill(kMax)});
  }
}

}  // namespace tilescale::codegen::cpu
