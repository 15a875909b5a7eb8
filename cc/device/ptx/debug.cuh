// What a kernel says to the host.
#pragma once

namespace ts::ptx {

TS_DEVICE void device_assert(bool condition, const char* message) {
  if (condition) return;
  printf("block %u %u %u, thread %u %u %u: %s\n", blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x,
         threadIdx.y, threadIdx.z, message);
  asm volatile("trap;");
}

template <typename... Values>
TS_DEVICE void print(const char* format, Values... values) {
  printf(format, values...);
}

}  // namespace ts::ptx
