// Barriers and fences.
#pragma once

namespace ts::ptx {

TS_DEVICE void sync_block() { asm volatile("barrier.sync 0;" ::: "memory"); }
// How many threads of the block have the predicate; whether all have it; whether any has it.
TS_DEVICE uint32_t sync_block_count(bool predicate) {
  uint32_t count;
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "setp.ne.u32 p, %1, 0;\n"
      "barrier.red.popc.u32 %0, 0, p;\n"
      "}"
      : "=r"(count)
      : "r"(static_cast<uint32_t>(predicate))
      : "memory");
  return count;
}
TS_DEVICE bool sync_block_and(bool predicate) {
  uint32_t result;
  asm volatile(
      "{\n"
      ".reg .pred p, q;\n"
      "setp.ne.u32 p, %1, 0;\n"
      "barrier.red.and.pred q, 0, p;\n"
      "selp.u32 %0, 1, 0, q;\n"
      "}"
      : "=r"(result)
      : "r"(static_cast<uint32_t>(predicate))
      : "memory");
  return result != 0;
}
TS_DEVICE bool sync_block_or(bool predicate) {
  uint32_t result;
  asm volatile(
      "{\n"
      ".reg .pred p, q;\n"
      "setp.ne.u32 p, %1, 0;\n"
      "barrier.red.or.pred q, 0, p;\n"
      "selp.u32 %0, 1, 0, q;\n"
      "}"
      : "=r"(result)
      : "r"(static_cast<uint32_t>(predicate))
      : "memory");
  return result != 0;
}
// One thread of each block calls it; the grid must have been launched cooperatively: then the
// driver gives the address of zeroed memory of the launch, whose second word is ours. Each round
// adds 2^31 to it, whose change is what the threads wait for.
TS_DEVICE void grid_barrier() {
  uint32_t low, high, old, now;
  asm volatile("mov.u32 %0, %%envreg2;" : "=r"(low));
  asm volatile("mov.u32 %0, %%envreg1;" : "=r"(high));
  uint64_t workspace = static_cast<uint64_t>(high) << 32 | low;
  if (workspace == 0) asm volatile("trap;");
  uint32_t blocks = gridDim.x * gridDim.y * gridDim.z;
  bool first = (blockIdx.x | blockIdx.y | blockIdx.z) == 0;
  asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], %2;"
               : "=r"(old)
               : "l"(workspace + 4), "r"(first ? 0x80000000u - (blocks - 1) : 1u)
               : "memory");
  do {
    asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(now) : "l"(workspace + 4) : "memory");
  } while (((old ^ now) & 0x80000000u) == 0);
}
TS_DEVICE void bar_sync(uint32_t id, uint32_t threads) {
  asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
TS_DEVICE void bar_arrive(uint32_t id, uint32_t threads) {
  asm volatile("barrier.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
TS_DEVICE void sync_warp(uint32_t mask = 0xffffffffu) {
  asm volatile("bar.warp.sync %0;" ::"r"(mask) : "memory");
}
TS_DEVICE void fence_cta() { asm volatile("fence.acq_rel.cta;" ::: "memory"); }
TS_DEVICE void fence_gpu() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }
TS_DEVICE void fence_sc_gpu() { asm volatile("fence.sc.gpu;" ::: "memory"); }
TS_DEVICE void fence_sys() { asm volatile("fence.acq_rel.sys;" ::: "memory"); }

}  // namespace ts::ptx
