// Additions to kCount neighbours in memory, each atomic by itself and relaxed; nobody gets the old
// values. The address is a multiple of the size.
#pragma once

namespace ts::ptx {

// Two elements of 16 bits are in one register; longer vectors are for global memory only. pair: the
// type of such a register, as in "f16x2".
#define TS_RED_ADD_PAIRS(T, pair)                                                                 \
  template <int kCount, Scope kScope>                                                             \
  TS_DEVICE void red_add(T* address, const T* values) {                                           \
    Pack<uint32_t, kCount / 2> v;                                                                 \
    memcpy(&v, values, sizeof(v));                                                                \
    if constexpr (kScope == Scope::kCta) {                                                        \
      static_assert(kCount == 2, "vectors are added to global memory only");                      \
      asm volatile("red.relaxed.cta.add.noftz." pair " [%0], %1;" ::"l"(address), "r"(v.value[0]) \
                   : "memory");                                                                   \
    } else if constexpr (kCount == 2) {                                                           \
      asm volatile("red.relaxed.gpu.add.noftz." pair " [%0], %1;" ::"l"(address), "r"(v.value[0]) \
                   : "memory");                                                                   \
    } else if constexpr (kCount == 4) {                                                           \
      asm volatile("red.relaxed.gpu.global.add.noftz.v2." pair " [%0], {%1, %2};" ::"l"(address), \
                   "r"(v.value[0]), "r"(v.value[1])                                               \
                   : "memory");                                                                   \
    } else {                                                                                      \
      static_assert(kCount == 8, "2, 4 or 8 elements");                                           \
      asm volatile("red.relaxed.gpu.global.add.noftz.v4." pair                                    \
                   " [%0], {%1, %2, %3, %4};" ::"l"(address),                                     \
                   "r"(v.value[0]), "r"(v.value[1]), "r"(v.value[2]), "r"(v.value[3])             \
                   : "memory");                                                                   \
    }                                                                                             \
  }
TS_RED_ADD_PAIRS(half_t, "f16x2")
#if __CUDA_ARCH__ >= 900
TS_RED_ADD_PAIRS(bfloat16_t, "bf16x2")

template <int kCount, Scope kScope>
TS_DEVICE void red_add(float* address, const float* values) {
  static_assert(kScope == Scope::kGpu, "vectors are added to global memory only");
  if constexpr (kCount == 2) {
    asm volatile("red.relaxed.gpu.global.add.v2.f32 [%0], {%1, %2};" ::"l"(address), "f"(values[0]),
                 "f"(values[1])
                 : "memory");
  } else {
    static_assert(kCount == 4, "2 or 4 elements");
    asm volatile("red.relaxed.gpu.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(address),
                 "f"(values[0]), "f"(values[1]), "f"(values[2]), "f"(values[3])
                 : "memory");
  }
}
#endif
#undef TS_RED_ADD_PAIRS

}  // namespace ts::ptx
