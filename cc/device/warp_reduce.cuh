// Reductions over the lanes of a warp by shuffles, for types that no instruction reduces.
#pragma once

namespace ts {

// The lanes of a thread's warp in a block of `threads` threads, whose last warp may be short.
TS_DEVICE uint32_t lanes_of(int32_t thread, int32_t threads) {
  int32_t count = threads - (thread & ~31);
  return count >= 32 ? kAllLanes : (1u << count) - 1;
}

struct Sum {
  template <typename T>
  static TS_DEVICE T of(T a, T b) {
    return T(a + b);
  }
};
// A number wins over a NaN.
struct Max {
  template <typename T>
  static TS_DEVICE T of(T a, T b) {
    return a < b || a != a ? b : a;
  }
};
struct Min {
  template <typename T>
  static TS_DEVICE T of(T a, T b) {
    return b < a || a != a ? b : a;
  }
};
struct BitAnd {
  template <typename T>
  static TS_DEVICE T of(T a, T b) {
    return T(a & b);
  }
};
struct BitOr {
  template <typename T>
  static TS_DEVICE T of(T a, T b) {
    return T(a | b);
  }
};

// All lanes get the result. Partners exchange values, so that all of them add in one order.
template <typename Op, typename T>
TS_DEVICE T warp_reduce(T value) {
  for (uint32_t distance = 16; distance > 0; distance /= 2) {
    value = Op::of(value, shfl_xor(value, distance));
  }
  return value;
}

// The same for a warp of which only the lowest lanes, `lanes`, exist.
template <typename Op, typename T>
TS_DEVICE T warp_reduce(T value, uint32_t lanes) {
  uint32_t lane = (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32;
  for (uint32_t distance = 16; distance > 0; distance /= 2) {
    bool exists = lane + distance < 32 && (lanes >> (lane + distance) & 1);
    T other = shfl_idx(value, exists ? lane + distance : lane, 32, lanes);
    if (exists) value = Op::of(value, other);
  }
  return shfl_idx(value, 0, 32, lanes);
}

}  // namespace ts
