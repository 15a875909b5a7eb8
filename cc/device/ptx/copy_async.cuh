// cp.async: copies from global to shared memory, in groups. Without the predicate the bytes become
// 0.
#pragma once

namespace ts::ptx {

TS_DEVICE void cp_async_4(void* shared, const void* global, bool predicate = true) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(shared)),
               "l"(global), "r"(predicate ? 4 : 0)
               : "memory");
}
TS_DEVICE void cp_async_8(void* shared, const void* global, bool predicate = true) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(shared_address(shared)),
               "l"(global), "r"(predicate ? 8 : 0)
               : "memory");
}
TS_DEVICE void cp_async_16(void* shared, const void* global, bool predicate = true) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)),
               "l"(global), "r"(predicate ? 16 : 0)
               : "memory");
}
TS_DEVICE void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most kPending of the latest groups are unfinished.
template <int kPending>
TS_DEVICE void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

}  // namespace ts::ptx
