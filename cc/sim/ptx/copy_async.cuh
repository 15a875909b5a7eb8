// cp.async: copies from global to shared memory, in groups. Without the predicate the bytes become
// 0.
#pragma once

namespace ts::ptx {

TS_DEVICE void cp_async_4(void* shared, const void* global, bool predicate = true) {
  TS_SIM_NEEDS("cp.async", 80);
  ::ts_sim_copy_async(shared, global, 4, predicate ? 4 : 0);
}
TS_DEVICE void cp_async_8(void* shared, const void* global, bool predicate = true) {
  TS_SIM_NEEDS("cp.async", 80);
  ::ts_sim_copy_async(shared, global, 8, predicate ? 8 : 0);
}
TS_DEVICE void cp_async_16(void* shared, const void* global, bool predicate = true) {
  TS_SIM_NEEDS("cp.async", 80);
  ::ts_sim_copy_async(shared, global, 16, predicate ? 16 : 0);
}
TS_DEVICE void cp_async_commit() {
  TS_SIM_NEEDS("cp.async.commit_group", 80);
  ::ts_sim_copy_async_commit();
}
// Waits until at most kPending of the latest groups are unfinished.
template <int kPending>
TS_DEVICE void cp_async_wait() {
  TS_SIM_NEEDS("cp.async.wait_group", 80);
  ::ts_sim_copy_async_wait(kPending);
}

}  // namespace ts::ptx
