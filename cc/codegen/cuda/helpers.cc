// Functions that generated text defines if it uses them.
#include <utility>
#include <vector>

#include "cc/codegen/cuda/writer.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

struct Helper {
  const char* key;
  std::string name;
  std::vector<const char*> needs;
  const char* text;
};

const std::vector<Helper>& IntegerHelpers() {
  static const std::vector<Helper> helpers = {
      {"min", "min_of", {}, R"(template <typename T>
TS_DEVICE T min_of(T a, T b) {
  return b < a ? b : a;
}
)"},
      {"max", "max_of", {}, R"(template <typename T>
TS_DEVICE T max_of(T a, T b) {
  return a < b ? b : a;
}
)"},
      {"abs", "abs_of", {}, R"(template <typename T>
TS_DEVICE T abs_of(T a) {
  return a < 0 ? T(0 - a) : a;
}
)"},
      {"truncdiv", "truncdiv", {}, R"(// By 0 gives 0; the most negative number by -1 wraps.
template <typename T>
TS_DEVICE T truncdiv(T a, T b) {
  if (b == 0) return 0;
  return b == T(-1) && T(-1) < T(0) ? T(0 - a) : T(a / b);
}
)"},
      {"truncmod", "truncmod", {}, R"(template <typename T>
TS_DEVICE T truncmod(T a, T b) {
  return b == 0 || (b == T(-1) && T(-1) < T(0)) ? T(0) : T(a % b);
}
)"},
      {"floordiv", "floordiv", {"truncdiv", "truncmod"}, R"(template <typename T>
TS_DEVICE T floordiv(T a, T b) {
  T r = truncmod(a, b);
  return T(truncdiv(a, b) - (r != 0 && (r < 0) != (b < 0)));
}
)"},
      {"floormod", "floormod", {"truncmod"}, R"(template <typename T>
TS_DEVICE T floormod(T a, T b) {
  T r = truncmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? T(r + b) : r;
}
)"},
  };
  return helpers;
}

const std::vector<Helper>& ConversionHelpers() {
  static const std::vector<Helper> helpers = {
      {"saturate",
       "saturate",
       {},
       R"(// To an integer of kBits bits: truncated, the nearest limit outside, 0 for NaN.
template <typename To, int kBits, typename From>
TS_DEVICE To saturate(From x) {
  constexpr bool kSigned = To(-1) < To(0);
  constexpr From kHigh = From(1ull << (kBits - 1)) * (kSigned ? 1 : 2);
  constexpr From kLow = kSigned ? -kHigh : From(0);
  if (x != x) return 0;
  if (x <= kLow) return To(kLow);
  return x >= kHigh ? To(~0ull >> (64 - kBits + kSigned)) : To(x);
}
)"},
      {"odd_float",
       "odd_float",
       {},
       R"(// Rounded to odd, so that rounding again to a narrow type is rounding once.
TS_DEVICE float odd_float(double x) {
  float near = float(x);
  if (double(near) == x || x != x) return near;
  uint32_t bits = ts::bit_cast<uint32_t>(near);
  if (fabs(double(near)) > fabs(x)) --bits;
  return ts::bit_cast<float>(bits | 1);
}
)"},
      {"fused_odd",
       "fused_odd",
       {},
       R"(// a * b + c, whose product is exact: if it is inexact, the neighbour whose last bit is set.
TS_DEVICE double fused_odd(double a, double b, double c) {
  double product = a * b;
  double sum = product + c;
  double back = sum - product;
  double rest = (product - (sum - back)) + (c - back);
  if (rest == 0 || rest != rest) return sum;
  uint64_t bits = ts::bit_cast<uint64_t>(sum);
  if (bits & 1) return sum;
  return ts::bit_cast<double>((rest > 0) == (sum > 0) ? bits + 1 : bits - 1);
}
)"},
  };
  return helpers;
}

const std::vector<Helper>& ByteHelpers() {
  static const std::vector<Helper> helpers = {
      {"word_around",
       "word_around",
       {},
       R"(// The aligned word around a byte of an array; null where the word is not all the array's.
TS_DEVICE uint32_t* word_around(const void* byte, const void* array, int64_t bytes) {
  uint64_t word = reinterpret_cast<uint64_t>(byte) & ~uint64_t(3);
  uint64_t first = reinterpret_cast<uint64_t>(array);
  return word >= first && word + 4 <= first + bytes ? reinterpret_cast<uint32_t*>(word) : nullptr;
}
)"},
      {"atomic_byte",
       "atomic_byte",
       {"word_around"},
       R"(// Changes one byte of an array by exchanging the word around it; returns the old value.
template <ts::Order kOrder, ts::Scope kScope, typename T, typename Change>
TS_DEVICE T atomic_byte(T* address, const T* array, int64_t bytes, Change change) {
  uint32_t* word = word_around(address, array, bytes);
  if (word == nullptr) {
    uint8_t before = ts::ptx::locked_byte<kOrder, kScope>(
        reinterpret_cast<uint8_t*>(address), [=](uint8_t stored) {
          return ts::bit_cast<uint8_t>(T(change(ts::bit_cast<T>(stored))));
        });
    return ts::bit_cast<T>(before);
  }
  int shift = int(reinterpret_cast<uint64_t>(address) & 3) * 8;
  uint32_t old = ts::ptx::atomic_compare_exchange<ts::Order::kRelaxed, kScope>(word, 0u, 0u);
  while (true) {
    T stored = ts::bit_cast<T>(uint8_t(old >> shift));
    uint32_t wanted = (old & ~(255u << shift)) |
                      uint32_t(ts::bit_cast<uint8_t>(T(change(stored)))) << shift;
    uint32_t seen = ts::ptx::atomic_compare_exchange<kOrder, kScope>(word, old, wanted);
    if (seen == old) return stored;
    old = seen;
  }
}
)"},
  };
  return helpers;
}

// Two elements of 4 bits in a byte, the first in the low bits.
const std::vector<Helper>& PackedHelpers() {
  static const std::vector<Helper> helpers = {
      {"load_u4", "load_u4", {}, R"(TS_DEVICE uint8_t load_u4(const uint8_t* p, int64_t i) {
  return uint8_t(p[i >> 1] >> (i & 1) * 4 & 15);
}
)"},
      {"load_i4", "load_i4", {}, R"(TS_DEVICE int8_t load_i4(const uint8_t* p, int64_t i) {
  return int8_t(((p[i >> 1] >> (i & 1) * 4 & 15) ^ 8) - 8);
}
)"},
      {"set_i4_mine",
       "set_i4_mine",
       {},
       R"(TS_DEVICE void set_i4_mine(uint8_t* p, int64_t i, int x) {
  int shift = int(i & 1) * 4;
  p[i >> 1] = uint8_t((p[i >> 1] & ~(15 << shift)) | (x & 15) << shift);
}
)"},
      {"set_i4",
       "set_i4",
       {"word_around"},
       R"(// The other elements of the word may be other threads'.
TS_DEVICE void set_i4(uint8_t* p, int64_t bytes, int64_t i, int x) {
  uint8_t* byte = p + (i >> 1);
  int half = int(i & 1) * 4;
  uint32_t* word = word_around(byte, p, bytes);
  if (word == nullptr) {
    ts::ptx::locked_byte<ts::Order::kRelaxed, ts::Scope::kGpu>(byte, [=](uint8_t stored) {
      return uint8_t((stored & ~(15 << half)) | (x & 15) << half);
    });
    return;
  }
  int shift = int(reinterpret_cast<uint64_t>(byte) & 3) * 8 + half;
  ts::ptx::atomic_and<ts::Order::kRelaxed, ts::Scope::kGpu>(word, ~(15u << shift));
  ts::ptx::atomic_or<ts::Order::kRelaxed, ts::Scope::kGpu>(word, uint32_t(x & 15) << shift);
}
)"},
  };
  return helpers;
}

const std::vector<Helper>& RandomHelpers() {
  static const std::vector<Helper> helpers = {
      {"rng",
       "Philox",
       {},
       R"(// The counter-based generator Philox 4x32-10; each thread has its own.
struct Philox {
  uint32_t key[2], counter[4], out[4];
  int used;

  TS_DEVICE void refill() {
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < 10; ++round) {
      uint64_t p0 = uint64_t(0xd2511f53u) * c0, p1 = uint64_t(0xcd9e8d57u) * c2;
      c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
      c1 = uint32_t(p1);
      c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
      c3 = uint32_t(p0);
      k0 += 0x9e3779b9u;
      k1 += 0xbb67ae85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
    if (++counter[0] == 0) ++counter[1];
    used = 0;
  }
  TS_DEVICE void init(uint64_t seed, uint64_t sequence, uint64_t offset) {
    key[0] = uint32_t(seed), key[1] = uint32_t(seed >> 32);
    counter[0] = uint32_t(offset / 4), counter[1] = uint32_t(offset / 4 >> 32);
    counter[2] = uint32_t(sequence), counter[3] = uint32_t(sequence >> 32);
    refill();
    used = int(offset % 4);
  }
  TS_DEVICE uint32_t next() {
    if (used == 4) refill();
    return out[used++];
  }
  // In (0, 1], as the logarithm of 0 must not be taken.
  TS_DEVICE double uniform(int bits) {
    if (bits == 64) {
      uint64_t high = next();
      return double((high << 21 ^ next() >> 11) + 1) * 0x1p-53;
    }
    return double((next() >> 8) + 1) * 0x1p-24;
  }
  TS_DEVICE double normal(int bits) {
    double radius = sqrt(-2.0 * log(uniform(bits)));
    return radius * cos(6.283185307179586 * uniform(bits));
  }
};
)"},
  };
  return helpers;
}

// Each after what it needs.
std::vector<const Helper*> AllHelpers() {
  std::vector<const Helper*> all;
  for (const auto* list : {&IntegerHelpers(), &ConversionHelpers(), &ByteHelpers(),
                           &PackedHelpers(), &RandomHelpers()}) {
    for (const Helper& helper : *list) all.push_back(&helper);
  }
  return all;
}

const Helper& Find(const std::string& key) {
  for (const Helper* helper : AllHelpers()) {
    if (key == helper->key) return *helper;
  }
  TILESCALE_FAIL("there is no helper " << key);
}

}  // namespace

const std::string& Writer::Use(const std::string& helper) {
  const Helper& found = Find(helper);
  if (helpers_.insert(helper).second) {
    for (const char* need : found.needs) Use(need);
  }
  return found.name;
}

std::string HelperText(const std::set<std::string>& used) {
  std::string text;
  for (const Helper* helper : AllHelpers()) {
    if (used.count(helper->key)) text += std::string(helper->text) + "\n";
  }
  return text;
}

}  // namespace tilescale::codegen::cuda
