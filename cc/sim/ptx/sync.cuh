// Barriers and fences.
#pragma once

namespace ts::ptx {

TS_DEVICE void sync_block() { ::ts_sim_barrier(0, 0, true); }
TS_DEVICE void bar_sync(uint32_t id, uint32_t threads) { ::ts_sim_barrier(id, threads, true); }
TS_DEVICE void bar_arrive(uint32_t id, uint32_t threads) { ::ts_sim_barrier(id, threads, false); }
TS_DEVICE void sync_warp(uint32_t mask = 0xffffffffu) {
  ::ts_sim_collective(kTsSimSyncWarp, mask, nullptr);
}
TS_DEVICE void fence_cta() { ::ts_sim_fence(kTsSimAcqRel, kTsSimCta); }
TS_DEVICE void fence_gpu() { ::ts_sim_fence(kTsSimAcqRel, kTsSimGpu); }
TS_DEVICE void fence_sys() { ::ts_sim_fence(kTsSimAcqRel, kTsSimSys); }

}  // namespace ts::ptx
