#include "cc/ir/dtype.h"

#include <algorithm>
#include <limits>

#include "cc/support/diagnostic.h"

namespace tilescale::ir::dtype {

int Bytes(DType t) {
  TILESCALE_CHECK(t.bits % 8 == 0, "elements of " << Name(t) << " are not whole bytes");
  return t.bits / 8;
}

int64_t MinInt(DType t) {
  if (IsUInt(t) || IsBool(t)) return 0;
  if (t.bits >= 64) return std::numeric_limits<int64_t>::min();
  return -(int64_t{1} << (t.bits - 1));
}

int64_t MaxInt(DType t) {
  if (IsBool(t)) return 1;
  int value_bits = IsUInt(t) ? t.bits : t.bits - 1;
  if (value_bits >= 63) return std::numeric_limits<int64_t>::max();
  return (int64_t{1} << value_bits) - 1;
}

std::string Name(DType t) {
  if (IsBool(t)) return "bool";
  if (IsHandle(t)) return "handle";
  return std::string(tvm::ffi::DLDataTypeToString(t));
}

DType Parse(const std::string& name) {
  if (name == "handle") return Handle();
  if (name == "float8_e4m3") return Make(kDLFloat8_e4m3fn, 8);
  return tvm::ffi::StringToDLDataType(name);
}

namespace {

DType PromoteInts(DType a, DType b) {
  int bits = std::max(a.bits, b.bits);
  if (a.code == b.code) return Make(static_cast<DLDataTypeCode>(a.code), bits);
  DType wide_signed = IsInt(a) ? a : b;
  bool keeps_sign = wide_signed.bits == bits;
  return keeps_sign ? Int(bits) : UInt(bits);
}

DType PromoteFloats(DType a, DType b) {
  if (a.bits != b.bits) {
    DType wide = a.bits > b.bits ? a : b;
    return wide;
  }
  return a.bits == 16 ? Float(32) : Float(16);
}

}  // namespace

DType Promote(DType a, DType b) {
  if (a.code == b.code && a.bits == b.bits) return a;
  if (IsBool(a)) return b;
  if (IsBool(b)) return a;
  if (IsHandle(a) || IsHandle(b)) return IsHandle(a) ? b : a;
  if (IsFloat(a) && IsFloat(b)) return PromoteFloats(a, b);
  if (IsFloat(a)) return a;
  if (IsFloat(b)) return b;
  return PromoteInts(a, b);
}

}  // namespace tilescale::ir::dtype
