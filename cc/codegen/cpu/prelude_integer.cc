// Operations on integers that C lacks: flooring and saturating ones, and packed 4-bit elements.
#include "cc/codegen/common/writer.h"
#include "cc/codegen/cpu/prelude.h"

namespace tilescale::codegen::cpu {
namespace {

// Division by zero has no meaning, but must not end the process; the most negative number divided
// by -1 wraps.
constexpr const char* kSignedDivision = R"(
static inline $t ts_truncdiv_$s($t a, $t b) {
  return b == 0 ? 0 : b == -1 ? ($t)(0 - ($u)a) : ($t)(a / b);
}
)";
constexpr const char* kSignedRemainder = R"(
static inline $t ts_truncmod_$s($t a, $t b) { return b == 0 || b == -1 ? 0 : ($t)(a % b); }
)";
constexpr const char* kClz64 = R"(
static inline int32_t ts_clz64(uint64_t x) { return x == 0 ? 64 : __builtin_clzll(x); }
)";
constexpr const char* kLoadBytes = R"(
static inline int32_t ts_load_bytes(const void* p) { int32_t x; __builtin_memcpy(&x, p, 4); return x; }
)";
constexpr const char* kDp4a = R"(
static inline int32_t ts_dp4a(int32_t a, int32_t b, int32_t c) {
  for (int i = 0; i < 32; i += 8) c += (int8_t)(a >> i) * (int8_t)(b >> i);
  return c;
}
)";
constexpr const char* kFloorDiv = R"(
static inline $t ts_floordiv_$s($t a, $t b) {
  $t q = ts_truncdiv_$s(a, b), r = ts_truncmod_$s(a, b);
  return ($t)(q - (r != 0 && (r < 0) != (b < 0)));
}
)";
constexpr const char* kFloorMod = R"(
static inline $t ts_floormod_$s($t a, $t b) {
  $t r = ts_truncmod_$s(a, b);
  return ($t)(r != 0 && (r < 0) != (b < 0) ? r + b : r);
}
)";
constexpr const char* kUnsignedDivision = R"(
static inline $t ts_$odiv_$s($t a, $t b) { return b == 0 ? 0 : ($t)(a / b); }
)";
constexpr const char* kUnsignedRemainder = R"(
static inline $t ts_$omod_$s($t a, $t b) { return b == 0 ? 0 : ($t)(a % b); }
)";
// The loop that follows has independent iterations.
constexpr const char* kIndependent = R"c(
#if defined(__clang__)
#define TS_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TS_INDEPENDENT _Pragma("GCC ivdep")
#endif
)c";
constexpr const char* kMin = R"(
static inline $t ts_min_$s($t a, $t b) { return a < b ? a : b; }
)";
constexpr const char* kMax = R"(
static inline $t ts_max_$s($t a, $t b) { return a > b ? a : b; }
)";
constexpr const char* kAbs = R"(
static inline $t ts_abs_$s($t a) { return a < 0 ? ($t)(0 - ($u)a) : a; }
)";
// $l is the smallest value, $e the power of two above the largest.
constexpr const char* kFromFloat = R"(
static inline $t ts_$f_to_$s($c x) {
  return x != x ? 0 : x <= ($c)$l ? $l : x >= ($c)$e ? $h : ($t)x;
}
)";
constexpr const char* kLoadPacked = R"(
static inline $t ts_load_$s(const uint8_t* p, int64_t i) {
  uint8_t nibble = (uint8_t)(p[i >> 1] >> ((i & 1) * 4)) & 15;
  return $x;
}
)";
// Neighbours of an element are written by other iterations, not by other programs.
constexpr const char* kStorePacked = R"(
static inline void ts_store_$s(uint8_t* p, int64_t i, $t x) {
  int shift = (int)(i & 1) * 4;
  p[i >> 1] = (uint8_t)((p[i >> 1] & ~(15 << shift)) | (x & 15) << shift);
}
)";

struct IntType {
  std::string type, suffix, unsigned_type, low, high, end;
  bool is_signed;
};

std::vector<IntType> IntTypes() {
  std::vector<IntType> types;
  for (int bits : {4, 8, 16, 32, 64}) {
    std::string storage = std::to_string(bits == 4 ? 8 : bits);
    std::string n = std::to_string(bits);
    std::string u = "uint" + storage + "_t";
    bool packed = bits == 4;
    types.push_back({"int" + storage + "_t", "i" + n, u, packed ? "-8" : "INT" + n + "_MIN",
                     packed ? "7" : "INT" + n + "_MAX", "0x1p" + std::to_string(bits - 1), true});
    types.push_back({u, "u" + n, u, "0", packed ? "15" : "UINT" + n + "_MAX", "0x1p" + n, false});
  }
  return types;
}

void AddDivision(std::vector<Helper>* list, const IntType& t) {
  auto fill = [&](const char* text, const std::string& op = "") {
    return FillTemplate(text, {{'t', t.type}, {'s', t.suffix}, {'u', t.unsigned_type}, {'o', op}});
  };
  std::string div = "ts_truncdiv_" + t.suffix;
  std::string mod = "ts_truncmod_" + t.suffix;
  list->push_back(
      {div, {}, t.is_signed ? fill(kSignedDivision) : fill(kUnsignedDivision, "trunc")});
  list->push_back(
      {mod, {}, t.is_signed ? fill(kSignedRemainder) : fill(kUnsignedRemainder, "trunc")});
  std::vector<std::string> both = {div, mod};
  if (!t.is_signed) both.clear();
  list->push_back({"ts_floordiv_" + t.suffix, both,
                   t.is_signed ? fill(kFloorDiv) : fill(kUnsignedDivision, "floor")});
  list->push_back({"ts_floormod_" + t.suffix, both,
                   t.is_signed ? fill(kFloorMod) : fill(kUnsignedRemainder, "floor")});
}

void AddSimple(std::vector<Helper>* list, const IntType& t) {
  auto fill = [&](const char* text) {
    return FillTemplate(text, {{'t', t.type}, {'s', t.suffix}, {'u', t.unsigned_type}});
  };
  list->push_back({"ts_min_" + t.suffix, {}, fill(kMin)});
  list->push_back({"ts_max_" + t.suffix, {}, fill(kMax)});
  if (t.is_signed) list->push_back({"ts_abs_" + t.suffix, {}, fill(kAbs)});
  for (const auto& [c, f] : {std::pair("float", "f32"), std::pair("double", "f64")}) {
    list->push_back({"ts_" + std::string(f) + "_to_" + t.suffix,
                     {},
                     FillTemplate(kFromFloat, {{'t', t.type},
                                               {'s', t.suffix},
                                               {'c', c},
                                               {'f', f},
                                               {'l', t.low},
                                               {'h', t.high},
                                               {'e', t.end}})});
  }
}

void AddPacked(std::vector<Helper>* list, const IntType& t) {
  std::string value = t.is_signed ? "(int8_t)((nibble ^ 8) - 8)" : "nibble";
  auto fill = [&](const char* text) {
    return FillTemplate(text, {{'t', t.type}, {'s', t.suffix}, {'x', value}});
  };
  list->push_back({"ts_load_" + t.suffix, {}, fill(kLoadPacked)});
  list->push_back({"ts_store_" + t.suffix, {}, fill(kStorePacked)});
}

}  // namespace

void AddIntegerHelpers(std::vector<Helper>* list) {
  list->push_back({"ts_clz64", {}, kClz64});
  list->push_back({"ts_dp4a", {}, kDp4a});
  list->push_back({"ts_load_bytes", {}, kLoadBytes});
  list->push_back({"TS_INDEPENDENT", {}, kIndependent});
  for (const IntType& t : IntTypes()) {
    AddDivision(list, t);
    AddSimple(list, t);
    if (t.suffix == "i4" || t.suffix == "u4") AddPacked(list, t);
  }
}

}  // namespace tilescale::codegen::cpu
