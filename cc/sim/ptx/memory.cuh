// Loads and stores of 4, 8, 16 and 32 bytes of global and shared memory. Without the predicate a
// load gives zeros, and a store does nothing.
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

// The compiler shows the accesses themselves to the simulator, but not their alignment. 32 bytes
// are two accesses.
template <int kCount>
TS_DEVICE void load_words(uint32_t (&to)[kCount], const void* from, bool predicate) {
  constexpr int kPart = kCount < 4 ? kCount : 4;
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  ::ts_sim_aligned(from, 4 * kCount);
  for (int i = 0; i < kCount; i += kPart) {
    ts::Words<kPart> part;
    part = static_cast<const ts::Words<kPart>*>(from)[i / kPart];
    for (int k = 0; k < kPart; ++k) to[i + k] = part.word[k];
  }
}
template <int kCount>
TS_DEVICE void store_words(void* to, const uint32_t (&from)[kCount], bool predicate) {
  constexpr int kPart = kCount < 4 ? kCount : 4;
  if (!predicate) return;
  ::ts_sim_aligned(to, 4 * kCount);
  for (int i = 0; i < kCount; i += kPart) {
    ts::Words<kPart> part;
    for (int k = 0; k < kPart; ++k) part.word[k] = from[i + k];
    static_cast<ts::Words<kPart>*>(to)[i / kPart] = part;
  }
}

}  // namespace ts_sim

namespace ts::ptx {

TS_DEVICE void ldg_b32(uint32_t (&to)[1], const void* from, bool predicate = true) {
  ts_sim::load_words(to, from, predicate);
}
TS_DEVICE void ldg_b64(uint32_t (&to)[2], const void* from, bool predicate = true) {
  ts_sim::load_words(to, from, predicate);
}
TS_DEVICE void ldg_b128(uint32_t (&to)[4], const void* from, bool predicate = true) {
  ts_sim::load_words(to, from, predicate);
}
TS_DEVICE void ldg_b256(uint32_t (&to)[8], const void* from, bool predicate = true) {
  TS_SIM_NEEDS("ld.global.v8", 100);
  ts_sim::load_words(to, from, predicate);
}
TS_DEVICE void lds_b32(uint32_t (&to)[1], const void* from, bool predicate = true) {
  ts_sim::load_words(to, from, predicate);
}
TS_DEVICE void lds_b64(uint32_t (&to)[2], const void* from, bool predicate = true) {
  ts_sim::load_words(to, from, predicate);
}
TS_DEVICE void lds_b128(uint32_t (&to)[4], const void* from, bool predicate = true) {
  ts_sim::load_words(to, from, predicate);
}
TS_DEVICE void stg_b32(void* to, const uint32_t (&from)[1], bool predicate = true) {
  ts_sim::store_words(to, from, predicate);
}
TS_DEVICE void stg_b64(void* to, const uint32_t (&from)[2], bool predicate = true) {
  ts_sim::store_words(to, from, predicate);
}
TS_DEVICE void stg_b128(void* to, const uint32_t (&from)[4], bool predicate = true) {
  ts_sim::store_words(to, from, predicate);
}
TS_DEVICE void stg_b256(void* to, const uint32_t (&from)[8], bool predicate = true) {
  TS_SIM_NEEDS("st.global.v8", 100);
  ts_sim::store_words(to, from, predicate);
}
TS_DEVICE void sts_b32(void* to, const uint32_t (&from)[1], bool predicate = true) {
  ts_sim::store_words(to, from, predicate);
}
TS_DEVICE void sts_b64(void* to, const uint32_t (&from)[2], bool predicate = true) {
  ts_sim::store_words(to, from, predicate);
}
TS_DEVICE void sts_b128(void* to, const uint32_t (&from)[4], bool predicate = true) {
  ts_sim::store_words(to, from, predicate);
}

}  // namespace ts::ptx
