// What every generated kernel includes. The same text is compiled for GPUs and, with other files
// under ptx/, for the simulator.
#pragma once

#include <tilescale/ptx/platform.cuh>
#include <tilescale/ptx/types.cuh>

namespace ts {

enum class Order { kRelaxed, kAcquire, kRelease, kAcqRel };
enum class Scope { kCta, kGpu, kSys };

inline constexpr uint32_t kAllLanes = 0xffffffffu;

// Neighbours that one instruction handles; each is atomic by itself.
template <typename T, int kCount>
struct alignas(sizeof(T) * kCount) Pack {
  T value[kCount];
};

template <typename To, typename From>
TS_DEVICE To bit_cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

}  // namespace ts

#include <tilescale/ptx/atomic.cuh>
#include <tilescale/ptx/clock.cuh>
#include <tilescale/ptx/copy_async.cuh>
#include <tilescale/ptx/debug.cuh>
#include <tilescale/ptx/math.cuh>
#include <tilescale/ptx/matrix.cuh>
#include <tilescale/ptx/memory.cuh>
#include <tilescale/ptx/packed.cuh>
#include <tilescale/ptx/red.cuh>
#include <tilescale/ptx/sync.cuh>
#include <tilescale/ptx/warp.cuh>

namespace ts {

using ptx::device_assert;
using ptx::sync_block;
using ptx::sync_warp;

// Meets all blocks of a grid that was launched cooperatively, and orders memory between them.
TS_DEVICE void sync_grid() {
  ptx::sync_block();
  if ((threadIdx.x | threadIdx.y | threadIdx.z) == 0) ptx::grid_barrier();
  ptx::sync_block();
}

// The kCount registers of a thread's array from an element on, as matrix instructions take them.
template <typename T, int kCount, typename Element>
TS_DEVICE T (&registers(Element* first)) [kCount] { return *reinterpret_cast<T(*)[kCount]>(first); }

// Shuffles of types of 1, 2, 4, 8, ... bytes, in words.
#define TS_SHUFFLE(name)                                                                       \
  template <typename T>                                                                        \
  TS_DEVICE T name(T value, uint32_t source, uint32_t width = 32, uint32_t mask = kAllLanes) { \
    uint32_t words[(sizeof(T) + 3) / 4] = {};                                                  \
    memcpy(words, &value, sizeof(T));                                                          \
    for (uint32_t& word : words) word = ptx::name(mask, word, source, width);                  \
    memcpy(&value, words, sizeof(T));                                                          \
    return value;                                                                              \
  }
TS_SHUFFLE(shfl_idx)   // from lane `source` of each segment of `width` lanes
TS_SHUFFLE(shfl_up)    // from the lane `source` below
TS_SHUFFLE(shfl_down)  // from the lane `source` above
TS_SHUFFLE(shfl_xor)   // from the lane whose number differs in the bits of `source`
#undef TS_SHUFFLE

TS_DEVICE bool any(bool predicate, uint32_t mask = kAllLanes) {
  return ptx::ballot(mask, predicate) != 0;
}
TS_DEVICE bool all(bool predicate, uint32_t mask = kAllLanes) {
  return ptx::ballot(mask, !predicate) == 0;
}

template <int kBytes>
struct Unsigned;
template <>
struct Unsigned<2> {
  using Type = uint16_t;
};
template <>
struct Unsigned<4> {
  using Type = uint32_t;
};
template <>
struct Unsigned<8> {
  using Type = unsigned long long;
};

// a * b + c rounded once, of values of narrow types.
TS_DEVICE float fma_f16(float a, float b, float c) {
  auto word = [](float x) -> uint32_t { return bit_cast<uint16_t>(half_t(x)); };
  return bit_cast<half_t>(static_cast<uint16_t>(ptx::fma_f16x2(word(a), word(b), word(c))));
}
TS_DEVICE float fma_bf16(float a, float b, float c) {
  auto word = [](float x) -> uint32_t { return bit_cast<uint16_t>(bfloat16_t(x)); };
  return bit_cast<bfloat16_t>(static_cast<uint16_t>(ptx::fma_bf16x2(word(a), word(b), word(c))));
}

// Replaces the value at `address` by change(value) in one step; returns the old value.
template <Order kOrder, Scope kScope, typename T, typename Change>
TS_DEVICE T atomic_update(T* address, Change change) {
  using Bits = typename Unsigned<sizeof(T)>::Type;
  Bits* bits = reinterpret_cast<Bits*>(address);
  Bits old = ptx::atomic_compare_exchange<Order::kRelaxed, kScope>(bits, Bits(0), Bits(0));
  while (true) {
    Bits wanted = bit_cast<Bits>(static_cast<T>(change(bit_cast<T>(old))));
    Bits seen = ptx::atomic_compare_exchange<kOrder, kScope>(bits, old, wanted);
    if (seen == old) return bit_cast<T>(old);
    old = seen;
  }
}

}  // namespace ts

#include <tilescale/byte_matrix.cuh>
#include <tilescale/warp_reduce.cuh>
