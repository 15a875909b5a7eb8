// Narrow floating-point types; arithmetic is done in float and rounded.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

namespace ts {

// CUDA's type with exactly the conversions of the simulator's: from and to float.
template <typename Storage>
struct Narrow {
  Storage value;

  Narrow() = default;
  TS_DEVICE Narrow(float from) : value(from) {}
  TS_DEVICE operator float() const { return static_cast<float>(value); }
};

using half_t = Narrow<__half>;
using bfloat16_t = Narrow<__nv_bfloat16>;
using fp8_e4m3_t = Narrow<__nv_fp8_e4m3>;
using fp8_e5m2_t = Narrow<__nv_fp8_e5m2>;

}  // namespace ts
