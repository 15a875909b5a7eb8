// Functions of the GPU's own: fast approximations, roundings, bits.
#pragma once

namespace ts::ptx {

TS_DEVICE float rsqrt(float x) { return ::rsqrtf(x); }
TS_DEVICE double rsqrt(double x) { return ::rsqrt(x); }
TS_DEVICE float fast_exp(float x) { return __expf(x); }
TS_DEVICE float fast_exp10(float x) { return __exp10f(x); }
TS_DEVICE float fast_log(float x) { return __logf(x); }
TS_DEVICE float fast_log2(float x) { return __log2f(x); }
TS_DEVICE float fast_log10(float x) { return __log10f(x); }
TS_DEVICE float fast_sin(float x) { return __sinf(x); }
TS_DEVICE float fast_cos(float x) { return __cosf(x); }
TS_DEVICE float fast_tan(float x) { return __tanf(x); }
TS_DEVICE float fast_rcp(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

#define TS_ROUNDING(mode)                                                                  \
  TS_DEVICE float add_##mode(float a, float b) { return __fadd_##mode(a, b); }             \
  TS_DEVICE double add_##mode(double a, double b) { return __dadd_##mode(a, b); }          \
  TS_DEVICE float sub_##mode(float a, float b) { return __fsub_##mode(a, b); }             \
  TS_DEVICE double sub_##mode(double a, double b) { return __dsub_##mode(a, b); }          \
  TS_DEVICE float mul_##mode(float a, float b) { return __fmul_##mode(a, b); }             \
  TS_DEVICE double mul_##mode(double a, double b) { return __dmul_##mode(a, b); }          \
  TS_DEVICE float div_##mode(float a, float b) { return __fdiv_##mode(a, b); }             \
  TS_DEVICE double div_##mode(double a, double b) { return __ddiv_##mode(a, b); }          \
  TS_DEVICE float rcp_##mode(float a) { return __frcp_##mode(a); }                         \
  TS_DEVICE double rcp_##mode(double a) { return __drcp_##mode(a); }                       \
  TS_DEVICE float sqrt_##mode(float a) { return __fsqrt_##mode(a); }                       \
  TS_DEVICE double sqrt_##mode(double a) { return __dsqrt_##mode(a); }                     \
  TS_DEVICE float fma_##mode(float a, float b, float c) { return __fmaf_##mode(a, b, c); } \
  TS_DEVICE double fma_##mode(double a, double b, double c) { return __fma_##mode(a, b, c); }
TS_ROUNDING(rn)  // to nearest even
TS_ROUNDING(rz)  // towards zero
TS_ROUNDING(ru)  // up
TS_ROUNDING(rd)  // down
#undef TS_ROUNDING

TS_DEVICE int32_t popcount(uint32_t x) { return __popc(x); }
TS_DEVICE int32_t popcount(uint64_t x) { return __popcll(x); }
// 32 or 64 for 0.
TS_DEVICE int32_t clz(uint32_t x) { return __clz(static_cast<int>(x)); }
TS_DEVICE int32_t clz(uint64_t x) { return __clzll(static_cast<long long>(x)); }
// Byte i of the result is number (selector >> 4 * i) % 8 of the bytes of a, then b.
TS_DEVICE uint32_t byte_permute(uint32_t a, uint32_t b, uint32_t selector) {
  uint32_t result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(selector));
  return result;
}
// c + the products of the four signed bytes of a and b.
TS_DEVICE int32_t dp4a(int32_t a, int32_t b, int32_t c) { return __dp4a(a, b, c); }

}  // namespace ts::ptx
