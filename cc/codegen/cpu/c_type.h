#ifndef TILESCALE_CC_CODEGEN_CPU_C_TYPE_H_
#define TILESCALE_CC_CODEGEN_CPU_C_TYPE_H_

#include <string>

#include "cc/ir/dtype.h"

namespace tilescale::codegen::cpu {

/// How an element is stored: "uint16_t" for float16, "uint8_t" for fp8, bool and packed int4.
std::string StorageType(ir::DType t);
/// How a value is computed with: "float" for all floating types up to 32 bits, "int8_t" for int4.
std::string ValueType(ir::DType t);
/// Short name in helpers: "f16", "bf16", "e4m3", "i32", "u4", "b".
std::string Suffix(ir::DType t);
/// Floating types narrower than 32 bits: every operation is rounded to them.
bool IsNarrowFloat(ir::DType t);
/// int4 and uint4: two elements in a byte, the first in the low bits.
bool IsPacked(ir::DType t);

}  // namespace tilescale::codegen::cpu

#endif  // TILESCALE_CC_CODEGEN_CPU_C_TYPE_H_
