// Conversions between binary32 and the narrow formats of GPUs, rounding to nearest even. Kernels
// for the simulator and the simulator itself share them.
#ifndef TILESCALE_CC_SIM_FLOAT_FORMATS_H_
#define TILESCALE_CC_SIM_FLOAT_FORMATS_H_

#include <stdint.h>
#include <string.h>

namespace tilescale_sim {

inline uint32_t FloatBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float BitsFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

// What GPUs make of an operation whose result is not a number.
inline constexpr uint32_t kFloatNan = 0x7fffffffu;

// sign, kExponent bits, kMantissa bits. kFinite: there is no infinity, the largest code is NaN.
// Conversions to types of 8 bits saturate. NaN is the largest code, without its sign.
template <int kExponent, int kMantissa, bool kFinite>
struct Format {
  static constexpr int kBias = (1 << (kExponent - 1)) - 1;
  static constexpr uint32_t kExponentMask = (1u << kExponent) - 1;
  static constexpr uint32_t kMantissaMask = (1u << kMantissa) - 1;
  static constexpr uint32_t kNan = (kExponentMask << kMantissa) | kMantissaMask;
  static constexpr uint32_t kLargest = kFinite ? kNan - 1 : (kExponentMask << kMantissa) - 1;
  static constexpr uint32_t kInfinity = kFinite ? kLargest : kExponentMask << kMantissa;

  static float Decode(uint32_t code) {
    uint32_t sign = (code >> (kExponent + kMantissa) & 1) << 31;
    uint32_t exponent = code >> kMantissa & kExponentMask;
    uint32_t mantissa = code & kMantissaMask;
    bool special = kFinite ? (code & kNan) == kNan : exponent == kExponentMask;
    if (special) {
      // A bfloat16 is half of a float; others are converted.
      if (mantissa && kExponent != 8) return BitsFloat(kFloatNan);
      return BitsFloat(sign | 0x7f800000u | mantissa << (23 - kMantissa));
    }
    if (exponent == 0) {
      // mantissa * 2^(1 - bias - kMantissa), exact in binary32; bfloat16 has its subnormal numbers.
      if (kExponent == 8) return BitsFloat(sign | mantissa << (23 - kMantissa));
      float scale = BitsFloat(static_cast<uint32_t>(127 + 1 - kBias - kMantissa) << 23);
      float value = static_cast<float>(mantissa) * scale;
      return sign ? -value : value;
    }
    return BitsFloat(sign | (exponent + 127 - kBias) << 23 | mantissa << (23 - kMantissa));
  }

  static uint32_t Encode(float value, bool saturate = kExponent + kMantissa < 8) {
    uint32_t bits = FloatBits(value);
    uint32_t sign = bits >> 31 << (kExponent + kMantissa);
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return kNan;
    int exponent = static_cast<int>(magnitude >> 23);
    uint32_t mantissa = (magnitude & 0x7fffffu) | (exponent ? 0x800000u : 0u);
    if (!exponent) exponent = 1;
    int target = exponent - 127 + kBias;
    int shift = 23 - kMantissa + (target < 1 ? 1 - target : 0);
    if (shift > 31) return sign;
    uint32_t kept = mantissa >> shift;
    uint32_t rest = mantissa & ((1u << shift) - 1);
    uint32_t half = 1u << (shift - 1);
    if (rest > half || (rest == half && (kept & 1))) ++kept;
    // Of a normal number `kept` has its leading one; the sum carries into the exponent as it
    // should.
    uint32_t code = target < 1 ? kept : (static_cast<uint32_t>(target - 1) << kMantissa) + kept;
    if (code > kLargest || magnitude == 0x7f800000u) code = saturate ? kLargest : kInfinity;
    return sign | code;
  }
};

using Half = Format<5, 10, false>;
using Bfloat16 = Format<8, 7, false>;
using Fp8E4m3 = Format<4, 3, true>;
using Fp8E5m2 = Format<5, 2, false>;

}  // namespace tilescale_sim

#endif  // TILESCALE_CC_SIM_FLOAT_FORMATS_H_
