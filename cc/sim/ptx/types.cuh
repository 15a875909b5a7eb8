// Narrow floating-point types; arithmetic is done in float and rounded.
#pragma once

#include <tilescale/sim/float_formats.h>

namespace ts {

// Storage of a format of the simulator that converts from and to float; bytes saturate.
template <typename Format, typename Bits>
struct Narrow {
  Bits bits;

  Narrow() = default;
  TS_DEVICE Narrow(float value) : bits(static_cast<Bits>(Format::Encode(value))) {}
  TS_DEVICE operator float() const { return Format::Decode(bits); }
};

using half_t = Narrow<tilescale_sim::Half, uint16_t>;
using bfloat16_t = Narrow<tilescale_sim::Bfloat16, uint16_t>;
using fp8_e4m3_t = Narrow<tilescale_sim::Fp8E4m3, uint8_t>;
using fp8_e5m2_t = Narrow<tilescale_sim::Fp8E5m2, uint8_t>;

}  // namespace ts
