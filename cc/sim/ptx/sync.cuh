// Barriers and fences.
#pragma once

namespace ts::ptx {

TS_DEVICE void sync_block() { ::ts_sim_barrier(0, 0, true); }
// How many threads of the block have the predicate; whether all have it; whether any has it.
TS_DEVICE uint32_t sync_block_count(bool predicate) {
  uint32_t votes;
  ::ts_sim_barrier_vote(predicate, &votes);
  return votes;
}
TS_DEVICE bool sync_block_and(bool predicate) {
  uint32_t votes;
  return ::ts_sim_barrier_vote(predicate, &votes) == votes;
}
TS_DEVICE bool sync_block_or(bool predicate) { return sync_block_count(predicate) != 0; }
// One thread of each block calls it; the grid must have been launched cooperatively.
TS_DEVICE void grid_barrier() { ::ts_sim_grid_barrier(); }
TS_DEVICE void bar_sync(uint32_t id, uint32_t threads) { ::ts_sim_barrier(id, threads, true); }
TS_DEVICE void bar_arrive(uint32_t id, uint32_t threads) { ::ts_sim_barrier(id, threads, false); }
TS_DEVICE void sync_warp(uint32_t mask = 0xffffffffu) {
  ::ts_sim_collective(kTsSimSyncWarp, mask, nullptr);
}
TS_DEVICE void fence_cta() { ::ts_sim_fence(kTsSimAcqRel, kTsSimCta); }
TS_DEVICE void fence_gpu() { ::ts_sim_fence(kTsSimAcqRel, kTsSimGpu); }
TS_DEVICE void fence_sc_gpu() { ::ts_sim_fence(kTsSimSeqCst, kTsSimGpu); }
TS_DEVICE void fence_sys() { ::ts_sim_fence(kTsSimAcqRel, kTsSimSys); }

}  // namespace ts::ptx
