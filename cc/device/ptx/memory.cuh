// Loads and stores of 4, 8 and 16 bytes of global memory.
#pragma once

namespace ts {

template <int kCount>
struct alignas(4 * kCount) Words {
  uint32_t word[kCount];
};

}  // namespace ts

namespace ts::ptx {

TS_DEVICE Words<1> ldg_b32(const void* global) {
  Words<1> v;
  asm volatile("ld.global.b32 %0, [%1];" : "=r"(v.word[0]) : "l"(global) : "memory");
  return v;
}
TS_DEVICE Words<2> ldg_b64(const void* global) {
  Words<2> v;
  asm volatile("ld.global.v2.b32 {%0, %1}, [%2];"
               : "=r"(v.word[0]), "=r"(v.word[1])
               : "l"(global)
               : "memory");
  return v;
}
TS_DEVICE Words<4> ldg_b128(const void* global) {
  Words<4> v;
  asm volatile("ld.global.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.word[0]), "=r"(v.word[1]), "=r"(v.word[2]), "=r"(v.word[3])
               : "l"(global)
               : "memory");
  return v;
}
TS_DEVICE void stg_b32(void* global, Words<1> v) {
  asm volatile("st.global.b32 [%0], %1;" ::"l"(global), "r"(v.word[0]) : "memory");
}
TS_DEVICE void stg_b64(void* global, Words<2> v) {
  asm volatile("st.global.v2.b32 [%0], {%1, %2};" ::"l"(global), "r"(v.word[0]), "r"(v.word[1])
               : "memory");
}
TS_DEVICE void stg_b128(void* global, Words<4> v) {
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(global), "r"(v.word[0]),
               "r"(v.word[1]), "r"(v.word[2]), "r"(v.word[3])
               : "memory");
}

}  // namespace ts::ptx
