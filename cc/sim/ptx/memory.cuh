// Loads and stores of 4, 8 and 16 bytes of global memory.
#pragma once

namespace ts {

// Copies are one access, which the compiler must not split into words.
template <int kCount>
struct alignas(4 * kCount) Words {
  typedef uint32_t Vector __attribute__((vector_size(4 * kCount), may_alias));

  uint32_t word[kCount];

  TS_DEVICE Words& operator=(const Words& other) {
    *reinterpret_cast<Vector*>(word) = *reinterpret_cast<const Vector*>(other.word);
    return *this;
  }
};

}  // namespace ts

namespace ts_sim {

// The compiler shows the accesses themselves to the simulator, but not their alignment.
template <int kCount>
TS_DEVICE ts::Words<kCount> load_words(const void* global) {
  ::ts_sim_aligned(global, 4 * kCount);
  ts::Words<kCount> value;
  value = *static_cast<const ts::Words<kCount>*>(global);
  return value;
}
template <int kCount>
TS_DEVICE void store_words(void* global, ts::Words<kCount> value) {
  ::ts_sim_aligned(global, 4 * kCount);
  *static_cast<ts::Words<kCount>*>(global) = value;
}

}  // namespace ts_sim

namespace ts::ptx {

TS_DEVICE Words<1> ldg_b32(const void* global) { return ts_sim::load_words<1>(global); }
TS_DEVICE Words<2> ldg_b64(const void* global) { return ts_sim::load_words<2>(global); }
TS_DEVICE Words<4> ldg_b128(const void* global) { return ts_sim::load_words<4>(global); }
TS_DEVICE void stg_b32(void* global, Words<1> value) { ts_sim::store_words(global, value); }
TS_DEVICE void stg_b64(void* global, Words<2> value) { ts_sim::store_words(global, value); }
TS_DEVICE void stg_b128(void* global, Words<4> value) { ts_sim::store_words(global, value); }

}  // namespace ts::ptx
