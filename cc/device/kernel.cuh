// What every generated kernel includes. The same text is compiled for GPUs and, with other files
// under ptx/, for the simulator.
#pragma once

#include <tilescale/ptx/platform.cuh>
#include <tilescale/ptx/types.cuh>

namespace ts {

enum class Order { kRelaxed, kAcquire, kRelease, kAcqRel };
enum class Scope { kCta, kGpu, kSys };

inline constexpr uint32_t kAllLanes = 0xffffffffu;

}  // namespace ts

#include <tilescale/ptx/atomic.cuh>
#include <tilescale/ptx/copy_async.cuh>
#include <tilescale/ptx/debug.cuh>
#include <tilescale/ptx/matrix.cuh>
#include <tilescale/ptx/memory.cuh>
#include <tilescale/ptx/sync.cuh>
#include <tilescale/ptx/warp.cuh>

namespace ts {

using ptx::device_assert;
using ptx::sync_block;
using ptx::sync_warp;

template <typename To, typename From>
TS_DEVICE To bit_cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

// Shuffles of any type of 4 bytes; narrower ones are packed by the caller.
template <typename T>
TS_DEVICE T shfl_idx(T value, uint32_t lane, uint32_t width = 32, uint32_t mask = kAllLanes) {
  return bit_cast<T>(ptx::shfl_idx(mask, bit_cast<uint32_t>(value), lane, width));
}
template <typename T>
TS_DEVICE T shfl_up(T value, uint32_t delta, uint32_t width = 32, uint32_t mask = kAllLanes) {
  return bit_cast<T>(ptx::shfl_up(mask, bit_cast<uint32_t>(value), delta, width));
}
template <typename T>
TS_DEVICE T shfl_down(T value, uint32_t delta, uint32_t width = 32, uint32_t mask = kAllLanes) {
  return bit_cast<T>(ptx::shfl_down(mask, bit_cast<uint32_t>(value), delta, width));
}
template <typename T>
TS_DEVICE T shfl_xor(T value, uint32_t lanes, uint32_t width = 32, uint32_t mask = kAllLanes) {
  return bit_cast<T>(ptx::shfl_xor(mask, bit_cast<uint32_t>(value), lanes, width));
}

TS_DEVICE bool any(bool predicate, uint32_t mask = kAllLanes) {
  return ptx::ballot(mask, predicate) != 0;
}
TS_DEVICE bool all(bool predicate, uint32_t mask = kAllLanes) {
  return ptx::ballot(mask, !predicate) == 0;
}

}  // namespace ts
