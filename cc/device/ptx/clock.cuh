// Time, as far as a kernel can see it: it grows.
#pragma once

namespace ts::ptx {

// Cycles of this multiprocessor.
TS_DEVICE uint64_t clock_cycles() {
  uint64_t cycles;
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(cycles)::"memory");
  return cycles;
}
// Nanoseconds, in steps that the driver chooses; the same for all multiprocessors.
TS_DEVICE uint64_t globaltimer() {
  uint64_t nanoseconds;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(nanoseconds)::"memory");
  return nanoseconds;
}

}  // namespace ts::ptx
