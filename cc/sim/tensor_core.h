// How tensor cores sum products for an accumulator of binary32, bit by bit as an H200 does
// (tests/sim/recorded): not as a chain of rounded additions.
#ifndef TILESCALE_CC_SIM_TENSOR_CORE_H_
#define TILESCALE_CC_SIM_TENSOR_CORE_H_

#include <cstdint>

#include "cc/sim/abi.h"

namespace tilescale::sim {

// A finite number: mantissa * 2^(exponent - fraction bits of its format). Subnormal numbers have
// the smallest exponent of the format.
struct Operand {
  int32_t mantissa = 0;
  int32_t exponent = 0;
  bool special = false;  // infinite, or not a number
};

Operand DecodeOperand(TsSimType type, uint32_t code);

// Adds a row times a column, of `k` elements `stride` apart in b, to c. Up to 16 products and c are
// aligned to the largest exponent, truncated 25 bits behind its unit, summed exactly, and truncated
// to binary32. Products of 8-bit types run as two such sums over the elements k mod 4 < 2 and
// k mod 4 >= 2, and c is added to the result, rounded to nearest even. m8n8k4 is a chain of fused
// multiply-adds from zero, to which c is added (sm_70's own rounding has not been recorded).
float SumProducts(TsSimType a_type, TsSimType b_type, const Operand* a, const Operand* b,
                  uint32_t stride, uint32_t k, float c);

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_TENSOR_CORE_H_
