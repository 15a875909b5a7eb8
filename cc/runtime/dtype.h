// Element types by the names that signatures use.
#ifndef TILESCALE_CC_RUNTIME_DTYPE_H_
#define TILESCALE_CC_RUNTIME_DTYPE_H_

#include <dlpack/dlpack.h>

#include <optional>
#include <string>
#include <string_view>

namespace tilescale::runtime {

// The DLPack type called `name` ("float32", "bfloat16", "float8_e4m3fn", "int4", ...).
std::optional<DLDataType> ParseDType(std::string_view name);

// Name of a DLPack type; types that have none come out as "code<c>x<bits>".
std::string DTypeName(DLDataType type);

// The type of one item of a buffer with the struct-module format `format` and `itemsize` bytes.
std::optional<DLDataType> ParseBufferFormat(const char* format, int64_t itemsize);

inline bool SameDType(DLDataType a, DLDataType b) {
  return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes;
}

// Elements per byte of a type narrower than a byte; 1 for all others.
inline int64_t ElementsPerByte(DLDataType type) {
  const bool packed = type.bits < 8 && type.code != kDLBool;
  return packed ? 8 / type.bits : 1;
}

// Bytes of one stored item: one for packed types.
inline int64_t StorageBytes(DLDataType type) {
  return (static_cast<int64_t>(type.bits) * type.lanes + 7) / 8;
}

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_DTYPE_H_
