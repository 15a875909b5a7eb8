// Loads and stores of 4, 8, 16 and 32 bytes of global and shared memory. Without the predicate a
// load gives zeros, and a store does nothing.
#pragma once

namespace ts {

template <int kCount>
struct alignas(4 * kCount) Words {
  uint32_t word[kCount];
};

}  // namespace ts

namespace ts::ptx {

TS_DEVICE void ldg_b32(uint32_t (&to)[1], const void* from, bool predicate = true) {
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  asm volatile("ld.global.b32 %0, [%1];" : "=r"(to[0]) : "l"(from) : "memory");
}
TS_DEVICE void ldg_b64(uint32_t (&to)[2], const void* from, bool predicate = true) {
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  asm volatile("ld.global.v2.b32 {%0, %1}, [%2];"
               : "=r"(to[0]), "=r"(to[1])
               : "l"(from)
               : "memory");
}
TS_DEVICE void ldg_b128(uint32_t (&to)[4], const void* from, bool predicate = true) {
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  asm volatile("ld.global.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "l"(from)
               : "memory");
}
TS_DEVICE void ldg_b256(uint32_t (&to)[8], const void* from, bool predicate = true) {
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  asm volatile("ld.global.v8.b32 {%0, %1, %2, %3, %4, %5, %6, %7}, [%8];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]), "=r"(to[4]), "=r"(to[5]),
                 "=r"(to[6]), "=r"(to[7])
               : "l"(from)
               : "memory");
}
TS_DEVICE void lds_b32(uint32_t (&to)[1], const void* from, bool predicate = true) {
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  asm volatile("ld.shared.b32 %0, [%1];" : "=r"(to[0]) : "r"(shared_address(from)) : "memory");
}
TS_DEVICE void lds_b64(uint32_t (&to)[2], const void* from, bool predicate = true) {
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  asm volatile("ld.shared.v2.b32 {%0, %1}, [%2];"
               : "=r"(to[0]), "=r"(to[1])
               : "r"(shared_address(from))
               : "memory");
}
TS_DEVICE void lds_b128(uint32_t (&to)[4], const void* from, bool predicate = true) {
  for (uint32_t& word : to) word = 0;
  if (!predicate) return;
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(from))
               : "memory");
}
TS_DEVICE void stg_b32(void* to, const uint32_t (&from)[1], bool predicate = true) {
  if (!predicate) return;
  asm volatile("st.global.b32 [%0], %1;" ::"l"(to), "r"(from[0]) : "memory");
}
TS_DEVICE void stg_b64(void* to, const uint32_t (&from)[2], bool predicate = true) {
  if (!predicate) return;
  asm volatile("st.global.v2.b32 [%0], {%1, %2};" ::"l"(to), "r"(from[0]), "r"(from[1]) : "memory");
}
TS_DEVICE void stg_b128(void* to, const uint32_t (&from)[4], bool predicate = true) {
  if (!predicate) return;
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(from[0]), "r"(from[1]),
               "r"(from[2]), "r"(from[3])
               : "memory");
}
TS_DEVICE void stg_b256(void* to, const uint32_t (&from)[8], bool predicate = true) {
  if (!predicate) return;
  asm volatile("st.global.v8.b32 [%0], {%1, %2, %3, %4, %5, %6, %7, %8};" ::"l"(to), "r"(from[0]),
               "r"(from[1]), "r"(from[2]), "r"(from[3]), "r"(from[4]), "r"(from[5]), "r"(from[6]),
               "r"(from[7])
               : "memory");
}
TS_DEVICE void sts_b32(void* to, const uint32_t (&from)[1], bool predicate = true) {
  if (!predicate) return;
  asm volatile("st.shared.b32 [%0], %1;" ::"r"(shared_address(to)), "r"(from[0]) : "memory");
}
TS_DEVICE void sts_b64(void* to, const uint32_t (&from)[2], bool predicate = true) {
  if (!predicate) return;
  asm volatile("st.shared.v2.b32 [%0], {%1, %2};" ::"r"(shared_address(to)), "r"(from[0]),
               "r"(from[1])
               : "memory");
}
TS_DEVICE void sts_b128(void* to, const uint32_t (&from)[4], bool predicate = true) {
  if (!predicate) return;
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(shared_address(to)), "r"(from[0]),
               "r"(from[1]), "r"(from[2]), "r"(from[3])
               : "memory");
}

}  // namespace ts::ptx
