// Words and types of CUDA that generated text uses, for NVRTC.
#pragma once

using int8_t = signed char;
using uint8_t = unsigned char;
using int16_t = short;
using uint16_t = unsigned short;
using int32_t = int;
using uint32_t = unsigned;
using int64_t = long long;
using uint64_t = unsigned long long;

#define TS_DEVICE __device__ __forceinline__
#define TS_DYNAMIC_SHARED(name) extern __shared__ __align__(1024) unsigned char name[]

namespace ts::ptx {

// Address in the shared window, as instructions on shared memory take it.
TS_DEVICE uint32_t shared_address(const void* pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

}  // namespace ts::ptx
