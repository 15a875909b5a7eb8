// Operations on two floating values in one word; none is fused with another.
#pragma once

namespace ts_sim {

// a * b + c, whose product is exact: if it is inexact, the neighbour whose last bit is set.
TS_DEVICE double FusedOdd(double a, double b, double c) {
  double product = a * b;
  double sum = product + c;
  double back = sum - product;
  double rest = (product - (sum - back)) + (c - back);
  if (rest == 0 || rest != rest) return sum;
  uint64_t bits;
  memcpy(&bits, &sum, sizeof(bits));
  if (bits & 1) return sum;
  bits += (rest > 0) == (sum > 0) ? 1 : -1;
  memcpy(&sum, &bits, sizeof(bits));
  return sum;
}

// To a float that further rounding makes the narrow value of a double rounded to odd.
TS_DEVICE float OddFloat(double x) {
  float near = static_cast<float>(x);
  if (static_cast<double>(near) == x || x != x) return near;
  uint32_t bits = tilescale_sim::FloatBits(near);
  if (fabs(static_cast<double>(near)) > fabs(x)) --bits;
  return tilescale_sim::BitsFloat(bits | 1);
}

// Both halves of words of a narrow format through `compute` on floats.
template <typename Format, typename Compute, typename... Words>
TS_DEVICE uint32_t HalvesOf(Compute compute, Words... words) {
  uint32_t low = Format::Encode(compute(Format::Decode(words & 0xffffu)...));
  uint32_t high = Format::Encode(compute(Format::Decode(words >> 16)...));
  return low | high << 16;
}
template <typename Compute, typename... Words>
TS_DEVICE uint64_t FloatsOf(Compute compute, Words... words) {
  using tilescale_sim::BitsFloat;
  using tilescale_sim::FloatBits;
  uint64_t low = FloatBits(compute(BitsFloat(static_cast<uint32_t>(words))...));
  uint64_t high = FloatBits(compute(BitsFloat(static_cast<uint32_t>(words >> 32))...));
  return low | high << 32;
}

}  // namespace ts_sim

namespace ts::ptx {

TS_DEVICE uint32_t add_f16x2(uint32_t a, uint32_t b) {
  return ::ts_sim::HalvesOf<tilescale_sim::Half>([](float x, float y) { return x + y; }, a, b);
}
TS_DEVICE uint32_t sub_f16x2(uint32_t a, uint32_t b) {
  return ::ts_sim::HalvesOf<tilescale_sim::Half>([](float x, float y) { return x - y; }, a, b);
}
TS_DEVICE uint32_t mul_f16x2(uint32_t a, uint32_t b) {
  return ::ts_sim::HalvesOf<tilescale_sim::Half>([](float x, float y) { return x * y; }, a, b);
}
TS_DEVICE uint32_t fma_f16x2(uint32_t a, uint32_t b, uint32_t c) {
  return ::ts_sim::HalvesOf<tilescale_sim::Half>(
      [](float x, float y, float z) { return ::ts_sim::OddFloat(::ts_sim::FusedOdd(x, y, z)); }, a,
      b, c);
}
TS_DEVICE uint32_t abs_f16x2(uint32_t a) {
  return ::ts_sim::HalvesOf<tilescale_sim::Half>([](float x) { return ::fabsf(x); }, a);
}
TS_DEVICE uint32_t max_f16x2(uint32_t a, uint32_t b) {
  TS_SIM_NEEDS("max.f16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Half>(
      [](float x, float y) { return ::ts_sim::Max(x, y); }, a, b);
}
TS_DEVICE uint32_t min_f16x2(uint32_t a, uint32_t b) {
  TS_SIM_NEEDS("min.f16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Half>(
      [](float x, float y) { return ::ts_sim::Min(x, y); }, a, b);
}
TS_DEVICE uint32_t fma_bf16x2(uint32_t a, uint32_t b, uint32_t c) {
  TS_SIM_NEEDS("fma.rn.bf16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Bfloat16>(
      [](float x, float y, float z) { return ::ts_sim::OddFloat(::ts_sim::FusedOdd(x, y, z)); }, a,
      b, c);
}
TS_DEVICE uint32_t max_bf16x2(uint32_t a, uint32_t b) {
  TS_SIM_NEEDS("max.bf16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Bfloat16>(
      [](float x, float y) { return ::ts_sim::Max(x, y); }, a, b);
}
TS_DEVICE uint32_t min_bf16x2(uint32_t a, uint32_t b) {
  TS_SIM_NEEDS("min.bf16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Bfloat16>(
      [](float x, float y) { return ::ts_sim::Min(x, y); }, a, b);
}
TS_DEVICE uint32_t abs_bf16x2(uint32_t a) {
  TS_SIM_NEEDS("abs.bf16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Bfloat16>([](float x) { return ::fabsf(x); }, a);
}
TS_DEVICE uint32_t add_bf16x2(uint32_t a, uint32_t b) {
  TS_SIM_NEEDS("add.bf16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Bfloat16>([](float x, float y) { return x + y; }, a, b);
}
TS_DEVICE uint32_t sub_bf16x2(uint32_t a, uint32_t b) {
  TS_SIM_NEEDS("sub.bf16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Bfloat16>([](float x, float y) { return x - y; }, a, b);
}
TS_DEVICE uint32_t mul_bf16x2(uint32_t a, uint32_t b) {
  TS_SIM_NEEDS("mul.bf16x2", 80);
  return ::ts_sim::HalvesOf<tilescale_sim::Bfloat16>([](float x, float y) { return x * y; }, a, b);
}
TS_DEVICE uint64_t add_f32x2(uint64_t a, uint64_t b) {
  TS_SIM_NEEDS("add.rn.f32x2", 100);
  return ::ts_sim::FloatsOf([](float x, float y) { return x + y; }, a, b);
}
TS_DEVICE uint64_t sub_f32x2(uint64_t a, uint64_t b) {
  TS_SIM_NEEDS("sub.rn.f32x2", 100);
  return ::ts_sim::FloatsOf([](float x, float y) { return x - y; }, a, b);
}
TS_DEVICE uint64_t mul_f32x2(uint64_t a, uint64_t b) {
  TS_SIM_NEEDS("mul.rn.f32x2", 100);
  return ::ts_sim::FloatsOf([](float x, float y) { return x * y; }, a, b);
}
TS_DEVICE uint64_t fma_f32x2(uint64_t a, uint64_t b, uint64_t c) {
  TS_SIM_NEEDS("fma.rn.f32x2", 100);
  return ::ts_sim::FloatsOf([](float x, float y, float z) { return ::fmaf(x, y, z); }, a, b, c);
}

}  // namespace ts::ptx
