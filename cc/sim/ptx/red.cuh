// Additions to kCount neighbours in memory, each atomic by itself and relaxed; nobody gets the old
// values. The address is a multiple of the size.
#pragma once

namespace ts::ptx {

template <int kCount, Scope kScope, typename T>
TS_DEVICE void red_add(T* address, const T* values) {
  constexpr bool kHalves = ts_sim::Number<T>::kType == kTsSimHalf && kCount == 2;
  static_assert(sizeof(T) * kCount == 4 || kScope == Scope::kGpu,
                "vectors are added to global memory only");
  if (!kHalves) TS_SIM_NEEDS("red of vectors", 90);
  ::ts_sim_aligned(address, sizeof(T) * kCount);
  for (int i = 0; i < kCount; ++i) atomic_add<Order::kRelaxed, kScope>(address + i, values[i]);
}

}  // namespace ts::ptx
