#ifndef TILESCALE_CC_IR_DTYPE_H_
#define TILESCALE_CC_IR_DTYPE_H_

#include <tvm/ffi/dtype.h>

#include <string>

namespace tilescale::ir {

/// Scalar element types. `lanes` is always 1 before the thread stage.
using DType = DLDataType;

namespace dtype {

constexpr DType Make(DLDataTypeCode code, int bits, int lanes = 1) {
  return DType{static_cast<uint8_t>(code), static_cast<uint8_t>(bits),
               static_cast<uint16_t>(lanes)};
}
constexpr DType Bool() { return Make(kDLBool, 8); }
constexpr DType Int(int bits) { return Make(kDLInt, bits); }
constexpr DType UInt(int bits) { return Make(kDLUInt, bits); }
constexpr DType Float(int bits) { return Make(kDLFloat, bits); }
constexpr DType BFloat16() { return Make(kDLBfloat, 16); }
/// A value without a numeric type: strings, pointers.
constexpr DType Handle() { return Make(kDLOpaqueHandle, 64); }

constexpr bool IsBool(DType t) { return t.code == kDLBool; }
constexpr bool IsInt(DType t) { return t.code == kDLInt; }
constexpr bool IsUInt(DType t) { return t.code == kDLUInt; }
/// Signed or unsigned integer; bool is not an integer.
constexpr bool IsIntegral(DType t) { return IsInt(t) || IsUInt(t); }
constexpr bool IsHandle(DType t) { return t.code == kDLOpaqueHandle; }
constexpr bool IsFp8(DType t) { return t.code >= kDLFloat8_e3m4 && t.code <= kDLFloat8_e8m0fnu; }
/// Any floating type: fp16, fp32, fp64, bf16, fp8 and smaller.
constexpr bool IsFloat(DType t) {
  return t.code == kDLFloat || t.code == kDLBfloat || t.code >= kDLFloat8_e3m4;
}
/// Bits of one element; bool counts 8, as it is stored.
constexpr int Bits(DType t) { return t.bits; }
/// Bytes of storage for one element; sub-byte types are packed and rejected here by assertion.
int Bytes(DType t);
/// The integer range of `t`; for uint64 the maximum is clamped to int64's.
int64_t MinInt(DType t);
int64_t MaxInt(DType t);
/// "float16", "int4", "float8_e4m3fn", ... as DLPack and NumPy spell them.
std::string Name(DType t);
DType Parse(const std::string& name);

/// The type in which `a op b` is computed: the wider of two integers (signed if either is signed
/// and as wide), the float of an integer and a float, float32 for two different 16-bit floats.
DType Promote(DType a, DType b);

}  // namespace dtype
}  // namespace tilescale::ir

// tvm-ffi defines operator== for DLDataType in the global namespace.

#endif  // TILESCALE_CC_IR_DTYPE_H_
