#include "cc/codegen/cpu/c_type.h"

#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cpu {

std::string Suffix(ir::DType t) {
  if (ir::dtype::IsBool(t)) return "b";
  if (ir::dtype::IsInt(t)) return "i" + std::to_string(t.bits);
  if (ir::dtype::IsUInt(t)) return "u" + std::to_string(t.bits);
  if (t.code == kDLBfloat) return "bf16";
  if (t.code == kDLFloat8_e4m3fn) return "e4m3";
  if (t.code == kDLFloat8_e5m2) return "e5m2";
  TILESCALE_CHECK(t.code == kDLFloat, "no C type for " << ir::dtype::Name(t));
  return "f" + std::to_string(t.bits);
}

bool IsNarrowFloat(ir::DType t) { return ir::dtype::IsFloat(t) && t.bits < 32; }

bool IsPacked(ir::DType t) { return ir::dtype::IsIntegral(t) && t.bits == 4; }

std::string StorageType(ir::DType t) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t) || IsPacked(t)) return "uint8_t";
  if (IsNarrowFloat(t)) return "uint" + std::to_string(t.bits) + "_t";
  return ValueType(t);
}

std::string ValueType(ir::DType t) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t)) return "_Bool";
  if (ir::dtype::IsFloat(t)) return t.bits == 64 ? "double" : "float";
  std::string bits = std::to_string(IsPacked(t) ? 8 : t.bits);
  return (ir::dtype::IsInt(t) ? "int" : "uint") + bits + "_t";
}

}  // namespace tilescale::codegen::cpu
