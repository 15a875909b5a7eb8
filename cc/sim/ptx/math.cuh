// Functions of the GPU's own: fast approximations, roundings, bits. The approximations are exact.
#pragma once

#include <fenv.h>

namespace ts_sim {

// What `compute` gives under a rounding mode; the operands go through memory, so that nothing is
// computed earlier.
template <typename T, typename Compute, typename... Operands>
T Rounded(int mode, Compute compute, Operands... operands) {
  int before = fegetround();
  fesetround(mode);
  volatile T given[] = {operands...};
  volatile T result = compute(given);
  fesetround(before);
  return result;
}

inline float Root(float x) { return ::sqrtf(x); }
inline double Root(double x) { return ::sqrt(x); }
inline float Fma(float a, float b, float c) { return ::fmaf(a, b, c); }
inline double Fma(double a, double b, double c) { return ::fma(a, b, c); }

}  // namespace ts_sim

namespace ts::ptx {

TS_DEVICE float rsqrt(float x) { return static_cast<float>(1 / ::sqrt(static_cast<double>(x))); }
TS_DEVICE double rsqrt(double x) { return 1 / ::sqrt(x); }
TS_DEVICE float fast_exp(float x) { return ::expf(x); }
TS_DEVICE float fast_exp10(float x) { return ::powf(10, x); }
TS_DEVICE float fast_log(float x) { return ::logf(x); }
TS_DEVICE float fast_log2(float x) { return ::log2f(x); }
TS_DEVICE float fast_log10(float x) { return ::log10f(x); }
TS_DEVICE float fast_sin(float x) { return ::sinf(x); }
TS_DEVICE float fast_cos(float x) { return ::cosf(x); }
TS_DEVICE float fast_tan(float x) { return ::tanf(x); }
TS_DEVICE float fast_rcp(float x) { return 1 / x; }

#define TS_ROUNDING_OF(mode, round, T)                                                         \
  TS_DEVICE T add_##mode(T a, T b) {                                                           \
    return ::ts_sim::Rounded<T>(round, [](const volatile T* x) { return x[0] + x[1]; }, a, b); \
  }                                                                                            \
  TS_DEVICE T sub_##mode(T a, T b) {                                                           \
    return ::ts_sim::Rounded<T>(round, [](const volatile T* x) { return x[0] - x[1]; }, a, b); \
  }                                                                                            \
  TS_DEVICE T mul_##mode(T a, T b) {                                                           \
    return ::ts_sim::Rounded<T>(round, [](const volatile T* x) { return x[0] * x[1]; }, a, b); \
  }                                                                                            \
  TS_DEVICE T div_##mode(T a, T b) {                                                           \
    return ::ts_sim::Rounded<T>(round, [](const volatile T* x) { return x[0] / x[1]; }, a, b); \
  }                                                                                            \
  TS_DEVICE T rcp_##mode(T a) {                                                                \
    return ::ts_sim::Rounded<T>(round, [](const volatile T* x) { return T(1) / x[0]; }, a);    \
  }                                                                                            \
  TS_DEVICE T sqrt_##mode(T a) {                                                               \
    return ::ts_sim::Rounded<T>(                                                               \
        round, [](const volatile T* x) { return ::ts_sim::Root(x[0]); }, a);                   \
  }                                                                                            \
  TS_DEVICE T fma_##mode(T a, T b, T c) {                                                      \
    return ::ts_sim::Rounded<T>(                                                               \
        round, [](const volatile T* x) { return ::ts_sim::Fma(x[0], x[1], x[2]); }, a, b, c);  \
  }
#define TS_ROUNDING(mode, round)     \
  TS_ROUNDING_OF(mode, round, float) \
  TS_ROUNDING_OF(mode, round, double)
TS_ROUNDING(rn, FE_TONEAREST)
TS_ROUNDING(rz, FE_TOWARDZERO)
TS_ROUNDING(ru, FE_UPWARD)
TS_ROUNDING(rd, FE_DOWNWARD)
#undef TS_ROUNDING
#undef TS_ROUNDING_OF

TS_DEVICE int32_t popcount(uint32_t x) { return __builtin_popcount(x); }
TS_DEVICE int32_t popcount(uint64_t x) { return __builtin_popcountll(x); }
// 32 or 64 for 0.
TS_DEVICE int32_t clz(uint32_t x) { return x == 0 ? 32 : __builtin_clz(x); }
TS_DEVICE int32_t clz(uint64_t x) { return x == 0 ? 64 : __builtin_clzll(x); }
// Byte i of the result is number (selector >> 4 * i) % 8 of the bytes of a, then b; with bit 3 of
// the number, all of its bits are as its highest.
TS_DEVICE uint32_t byte_permute(uint32_t a, uint32_t b, uint32_t selector) {
  const uint64_t bytes = uint64_t(b) << 32 | a;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const uint32_t number = selector >> 4 * i & 15;
    uint32_t byte = bytes >> 8 * (number & 7) & 255;
    if (number & 8) byte = byte & 128 ? 255 : 0;
    result |= byte << 8 * i;
  }
  return result;
}
// c + the products of the four signed bytes of a and b.
TS_DEVICE int32_t dp4a(int32_t a, int32_t b, int32_t c) {
  for (int i = 0; i < 32; i += 8) {
    c += static_cast<int8_t>(a >> i) * static_cast<int8_t>(b >> i);
  }
  return c;
}

}  // namespace ts::ptx
