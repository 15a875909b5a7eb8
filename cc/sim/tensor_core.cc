#include "cc/sim/tensor_core.h"

#include <algorithm>
#include <cmath>

#include "cc/sim/float_formats.h"

namespace tilescale::sim {
namespace {

constexpr int kAlignedBits = 25;
constexpr uint32_t kTerms = 17;  // products of one sum, and the accumulator
constexpr uint32_t kProducts = 16;
constexpr uint32_t kQuadK = 4;  // of m8n8k4 on binary16

struct NumberFormat {
  int exponent_bits, mantissa_bits;
};

NumberFormat FormatOf(TsSimType type) {
  switch (type) {
    case kTsSimBf16:
      return {8, 7};
    case kTsSimTf32:
      return {8, 10};
    case kTsSimE4m3:
      return {4, 3};
    case kTsSimE5m2:
      return {5, 2};
    case kTsSimF32:
      return {8, 23};
    default:
      return {5, 10};
  }
}

float RoundTowardsZero(double value) {
  if (std::fabs(value) >= 0x1p128) return std::copysign(HUGE_VALF, static_cast<float>(value));
  auto rounded = static_cast<float>(value);
  if (std::fabs(static_cast<double>(rounded)) <= std::fabs(value)) return rounded;
  return tilescale_sim::BitsFloat(tilescale_sim::FloatBits(rounded) - 1);
}

struct Term {
  int64_t mantissa;
  int exponent;
  int fraction_bits;
};

// The terms' sum, each truncated at one place behind the unit of the largest exponent.
float FusedSum(const Term* terms, uint32_t count) {
  if (count == 0) return 0;
  int largest = terms[0].exponent;
  for (uint32_t i = 1; i < count; ++i) largest = std::max(largest, terms[i].exponent);
  int unit = largest - kAlignedBits;
  int64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    int shift = terms[i].exponent - terms[i].fraction_bits - unit;
    int64_t magnitude = std::abs(terms[i].mantissa);
    magnitude = shift >= 0 ? magnitude << shift : shift > -63 ? magnitude >> -shift : 0;
    sum += terms[i].mantissa < 0 ? -magnitude : magnitude;
  }
  return RoundTowardsZero(std::ldexp(static_cast<double>(sum), unit));
}

float SumOf(int fraction_bits, const Operand* a, const Operand* b, uint32_t stride,
            const uint32_t* order, uint32_t count, float c) {
  Term terms[kTerms];
  uint32_t used = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Operand& x = a[order[i]];
    const Operand& y = b[size_t{order[i]} * stride];
    if (x.mantissa == 0 || y.mantissa == 0) continue;
    terms[used++] = {int64_t{x.mantissa} * y.mantissa, x.exponent + y.exponent, fraction_bits};
  }
  Operand start = DecodeOperand(kTsSimF32, tilescale_sim::FloatBits(c));
  if (start.mantissa) {
    terms[used++] = {start.mantissa, start.exponent, FormatOf(kTsSimF32).mantissa_bits};
  }
  return FusedSum(terms, used);
}

// A chain of fused multiply-adds from zero; the products themselves are exact in binary32.
float SumQuad(const Operand* a, const Operand* b, uint32_t stride, float c) {
  float sum = 0;
  for (uint32_t i = 0; i < kQuadK; ++i) {
    const Operand& x = a[i];
    const Operand& y = b[size_t{i} * stride];
    int scale = x.exponent + y.exponent - 2 * FormatOf(kTsSimF16).mantissa_bits;
    sum += std::ldexp(static_cast<float>(x.mantissa * y.mantissa), scale);
  }
  return sum + c;
}

bool IsByte(TsSimType type) { return type == kTsSimE4m3 || type == kTsSimE5m2; }

}  // namespace

Operand DecodeOperand(TsSimType type, uint32_t code) {
  NumberFormat format = FormatOf(type);
  if (type == kTsSimTf32) code >>= 13;  // the bits that it lacks
  uint32_t mask = (1u << format.exponent_bits) - 1;
  uint32_t field = code >> format.mantissa_bits & mask;
  auto mantissa = static_cast<int32_t>(code & ((1u << format.mantissa_bits) - 1));
  Operand operand;
  bool all_ones = mantissa == (1 << format.mantissa_bits) - 1;
  operand.special = field == mask && (type != kTsSimE4m3 || all_ones);
  if (field) mantissa |= 1 << format.mantissa_bits;
  bool negative = code >> (format.exponent_bits + format.mantissa_bits) & 1;
  operand.mantissa = negative ? -mantissa : mantissa;
  operand.exponent = static_cast<int32_t>(std::max(field, 1u)) - static_cast<int32_t>(mask / 2);
  return operand;
}

float SumProducts(TsSimType a_type, TsSimType b_type, const Operand* a, const Operand* b,
                  uint32_t stride, uint32_t k, float c) {
  if (k == kQuadK && a_type == kTsSimF16) return SumQuad(a, b, stride, c);
  uint32_t order[2 * kProducts];
  uint32_t used = 0;
  int fraction_bits = FormatOf(a_type).mantissa_bits + FormatOf(b_type).mantissa_bits;
  if (!IsByte(a_type)) {
    for (uint32_t i = 0; i < k; ++i) order[used++] = i;
    return SumOf(fraction_bits, a, b, stride, order, k, c);
  }
  for (uint32_t i = 0; i < k; ++i) {
    if (i % 4 < 2) order[used++] = i;
  }
  for (uint32_t i = 0; i < k; ++i) {
    if (i % 4 >= 2) order[used++] = i;
  }
  float sum = 0;
  for (uint32_t i = 0; i < k; i += kProducts) {
    sum = SumOf(fraction_bits, a, b, stride, order + i, std::min(kProducts, k - i), sum);
  }
  return sum + c;
}

}  // namespace tilescale::sim
