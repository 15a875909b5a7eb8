// Barriers and fences.
#pragma once

namespace ts::ptx {

TS_DEVICE void sync_block() { asm volatile("barrier.sync 0;" ::: "memory"); }
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
TS_DEVICE void fence_sys() { asm volatile("fence.acq_rel.sys;" ::: "memory"); }

}  // namespace ts::ptx
