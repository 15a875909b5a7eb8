#include "cc/runtime/dtype.h"

#include <cstring>

namespace tilescale::runtime {
namespace {

struct NamedType {
  const char* name;
  DLDataType type;
};

constexpr NamedType kTypes[] = {
    {"bool", {kDLBool, 8, 1}},
    {"int2", {kDLInt, 2, 1}},
    {"int4", {kDLInt, 4, 1}},
    {"int8", {kDLInt, 8, 1}},
    {"int16", {kDLInt, 16, 1}},
    {"int32", {kDLInt, 32, 1}},
    {"int64", {kDLInt, 64, 1}},
    {"uint1", {kDLUInt, 1, 1}},
    {"uint2", {kDLUInt, 2, 1}},
    {"uint4", {kDLUInt, 4, 1}},
    {"uint8", {kDLUInt, 8, 1}},
    {"uint16", {kDLUInt, 16, 1}},
    {"uint32", {kDLUInt, 32, 1}},
    {"uint64", {kDLUInt, 64, 1}},
    {"float16", {kDLFloat, 16, 1}},
    {"float32", {kDLFloat, 32, 1}},
    {"float64", {kDLFloat, 64, 1}},
    {"bfloat16", {kDLBfloat, 16, 1}},
    {"float8_e3m4", {kDLFloat8_e3m4, 8, 1}},
    {"float8_e4m3", {kDLFloat8_e4m3, 8, 1}},
    {"float8_e4m3b11fnuz", {kDLFloat8_e4m3b11fnuz, 8, 1}},
    {"float8_e4m3fn", {kDLFloat8_e4m3fn, 8, 1}},
    {"float8_e4m3fnuz", {kDLFloat8_e4m3fnuz, 8, 1}},
    {"float8_e5m2", {kDLFloat8_e5m2, 8, 1}},
    {"float8_e5m2fnuz", {kDLFloat8_e5m2fnuz, 8, 1}},
    {"float8_e8m0fnu", {kDLFloat8_e8m0fnu, 8, 1}},
    {"float6_e2m3fn", {kDLFloat6_e2m3fn, 6, 1}},
    {"float6_e3m2fn", {kDLFloat6_e3m2fn, 6, 1}},
    {"float4_e2m1fn", {kDLFloat4_e2m1fn, 4, 1}},
    {"complex64", {kDLComplex, 64, 1}},
    {"complex128", {kDLComplex, 128, 1}},
};

DLDataType Scalar(DLDataTypeCode code, int64_t bytes) {
  return {static_cast<uint8_t>(code), static_cast<uint8_t>(8 * bytes), 1};
}

}  // namespace

std::optional<DLDataType> ParseDType(std::string_view name) {
  for (const NamedType& entry : kTypes) {
    if (name == entry.name) return entry.type;
  }
  // TF32 is stored as float32; only its arithmetic differs.
  if (name == "tfloat32") return DLDataType{kDLFloat, 32, 1};
  return std::nullopt;
}

std::string DTypeName(DLDataType type) {
  for (const NamedType& entry : kTypes) {
    if (entry.type.code == type.code && entry.type.bits == type.bits) {
      return type.lanes == 1 ? entry.name
                             : std::string(entry.name) + "x" + std::to_string(type.lanes);
    }
  }
  return "code" + std::to_string(type.code) + "x" + std::to_string(type.bits);
}

std::optional<DLDataType> ParseBufferFormat(const char* format, int64_t itemsize) {
  if (format == nullptr) return Scalar(kDLUInt, 1);
  if (*format == '@' || *format == '=' || *format == '<') ++format;
  if (format[0] == 'Z' && std::strchr("fd", format[1]) != nullptr && format[1] != 0) {
    return Scalar(kDLComplex, itemsize);
  }
  if (format[0] == 0 || format[1] != 0 || itemsize > 8) return std::nullopt;
  if (std::strchr("fde", *format) != nullptr) return Scalar(kDLFloat, itemsize);
  if (std::strchr("bhilqn", *format) != nullptr) return Scalar(kDLInt, itemsize);
  if (std::strchr("BHILQN", *format) != nullptr) return Scalar(kDLUInt, itemsize);
  if (*format == '?') return Scalar(kDLBool, 1);
  return std::nullopt;
}

}  // namespace tilescale::runtime
