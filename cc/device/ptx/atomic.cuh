// Atomic operations on shared or global memory. They return the old value.
#pragma once

// Expands statement(order, scope), one asm statement, for the template parameters kOrder and
// kScope.
#define TS_ATOMIC_SCOPES(statement, order)      \
  if constexpr (kScope == Scope::kCta) {        \
    statement(order, ".cta");                   \
  } else if constexpr (kScope == Scope::kGpu) { \
    statement(order, ".gpu");                   \
  } else {                                      \
    statement(order, ".sys");                   \
  }
#define TS_ATOMIC_ORDERS(statement)                 \
  if constexpr (kOrder == Order::kRelaxed) {        \
    TS_ATOMIC_SCOPES(statement, ".relaxed")         \
  } else if constexpr (kOrder == Order::kAcquire) { \
    TS_ATOMIC_SCOPES(statement, ".acquire")         \
  } else if constexpr (kOrder == Order::kRelease) { \
    TS_ATOMIC_SCOPES(statement, ".release")         \
  } else {                                          \
    TS_ATOMIC_SCOPES(statement, ".acq_rel")         \
  }

#define TS_ATOMIC_LOAD(name, T, suffix, constraint)                                           \
  template <Order kOrder, Scope kScope>                                                       \
  TS_DEVICE T name(const T* address) {                                                        \
    static_assert(kOrder == Order::kRelaxed || kOrder == Order::kAcquire, "order of a load"); \
    T old;                                                                                    \
    if constexpr (kOrder == Order::kRelaxed) {                                                \
      TS_ATOMIC_SCOPES(TS_ATOMIC_LOAD_ASM_##constraint##_##suffix, ".relaxed")                \
    } else {                                                                                  \
      TS_ATOMIC_SCOPES(TS_ATOMIC_LOAD_ASM_##constraint##_##suffix, ".acquire")                \
    }                                                                                         \
    return old;                                                                               \
  }
#define TS_ATOMIC_LOAD_ASM(order, scope, suffix, constraint) \
  asm volatile("ld" order scope suffix " %0, [%1];"          \
               : "=" constraint(old)                         \
               : "l"(address)                                \
               : "memor"                                     \
                 "y")
#define TS_ATOMIC_LOAD_ASM_r_b32(order, scope) TS_ATOMIC_LOAD_ASM(order, scope, ".b32", "r")
#define TS_ATOMIC_LOAD_ASM_l_b64(order, scope) TS_ATOMIC_LOAD_ASM(order, scope, ".b64", "l")
#define TS_ATOMIC_LOAD_ASM_d_f64(order, scope) TS_ATOMIC_LOAD_ASM(order, scope, ".f64", "d")
#define TS_ATOMIC_LOAD_ASM_f_f32(order, scope) TS_ATOMIC_LOAD_ASM(order, scope, ".f32", "f")

#define TS_ATOMIC_STORE(name, T, suffix, constraint)                                           \
  template <Order kOrder, Scope kScope>                                                        \
  TS_DEVICE void name(T* address, T value) {                                                   \
    static_assert(kOrder == Order::kRelaxed || kOrder == Order::kRelease, "order of a store"); \
    if constexpr (kOrder == Order::kRelaxed) {                                                 \
      TS_ATOMIC_SCOPES(TS_ATOMIC_STORE_ASM_##constraint##_##suffix, ".relaxed")                \
    } else {                                                                                   \
      TS_ATOMIC_SCOPES(TS_ATOMIC_STORE_ASM_##constraint##_##suffix, ".release")                \
    }                                                                                          \
  }
#define TS_ATOMIC_STORE_ASM(order, scope, suffix, constraint) \
  asm volatile("st" order scope suffix " [%0], %1;" ::"l"(address), constraint(value) : "memory")
#define TS_ATOMIC_STORE_ASM_r_b32(order, scope) TS_ATOMIC_STORE_ASM(order, scope, ".b32", "r")
#define TS_ATOMIC_STORE_ASM_l_b64(order, scope) TS_ATOMIC_STORE_ASM(order, scope, ".b64", "l")
#define TS_ATOMIC_STORE_ASM_d_f64(order, scope) TS_ATOMIC_STORE_ASM(order, scope, ".f64", "d")
#define TS_ATOMIC_STORE_ASM_f_f32(order, scope) TS_ATOMIC_STORE_ASM(order, scope, ".f32", "f")

// kInstruction: the operation and its type, as in ".add.u32".
#define TS_ATOMIC_RMW(name, T, instruction, constraint)              \
  template <Order kOrder, Scope kScope>                              \
  TS_DEVICE T name(T* address, T value) {                            \
    T old;                                                           \
    TS_ATOMIC_ORDERS(TS_ATOMIC_RMW_ASM_##constraint##_##instruction) \
    return old;                                                      \
  }
#define TS_ATOMIC_RMW_ASM(order, scope, instruction, constraint) \
  asm volatile("atom" order scope instruction " %0, [%1], %2;"   \
               : "=" constraint(old)                             \
               : "l"(address), constraint(value)                 \
               : "memory")

#define TS_ATOMIC_COMPARE_EXCHANGE(name, T, suffix, constraint) \
  template <Order kOrder, Scope kScope>                         \
  TS_DEVICE T name(T* address, T expected, T value) {           \
    T old;                                                      \
    TS_ATOMIC_ORDERS(TS_ATOMIC_CAS_ASM_##constraint)            \
    return old;                                                 \
  }
#define TS_ATOMIC_CAS_ASM(order, scope, suffix, constraint)            \
  asm volatile("atom" order scope ".cas" suffix " %0, [%1], %2, %3;"   \
               : "=" constraint(old)                                   \
               : "l"(address), constraint(expected), constraint(value) \
               : "memory")
#define TS_ATOMIC_CAS_ASM_h(order, scope) TS_ATOMIC_CAS_ASM(order, scope, ".b16", "h")
#define TS_ATOMIC_CAS_ASM_r(order, scope) TS_ATOMIC_CAS_ASM(order, scope, ".b32", "r")
#define TS_ATOMIC_CAS_ASM_l(order, scope) TS_ATOMIC_CAS_ASM(order, scope, ".b64", "l")

#define TS_ATOMIC_RMW_ASM_r_exch_b32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".exch.b32", "r")
#define TS_ATOMIC_RMW_ASM_l_exch_b64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".exch.b64", "l")
#define TS_ATOMIC_RMW_ASM_r_add_u32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.u32", "r")
#define TS_ATOMIC_RMW_ASM_r_add_s32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.s32", "r")
#define TS_ATOMIC_RMW_ASM_l_add_u64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.u64", "l")
#define TS_ATOMIC_RMW_ASM_d_add_f64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.f64", "d")
#define TS_ATOMIC_RMW_ASM_f_add_f32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.f32", "f")
#define TS_ATOMIC_RMW_ASM_r_min_u32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".min.u32", "r")
#define TS_ATOMIC_RMW_ASM_r_min_s32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".min.s32", "r")
#define TS_ATOMIC_RMW_ASM_l_min_s64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".min.s64", "l")
#define TS_ATOMIC_RMW_ASM_l_max_s64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".max.s64", "l")
#define TS_ATOMIC_RMW_ASM_h_add_f16(order, scope) \
  TS_ATOMIC_RMW_ASM(order, scope, ".add.noftz.f16", "h")
#define TS_ATOMIC_RMW_ASM_h_add_bf16(order, scope) \
  TS_ATOMIC_RMW_ASM(order, scope, ".add.noftz.bf16", "h")
#define TS_ATOMIC_RMW_ASM_r_add_f16x2(order, scope) \
  TS_ATOMIC_RMW_ASM(order, scope, ".add.noftz.f16x2", "r")
#define TS_ATOMIC_RMW_ASM_r_add_bf16x2(order, scope) \
  TS_ATOMIC_RMW_ASM(order, scope, ".add.noftz.bf16x2", "r")
#define TS_ATOMIC_RMW_ASM_l_min_u64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".min.u64", "l")
#define TS_ATOMIC_RMW_ASM_r_max_u32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".max.u32", "r")
#define TS_ATOMIC_RMW_ASM_r_max_s32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".max.s32", "r")
#define TS_ATOMIC_RMW_ASM_l_max_u64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".max.u64", "l")
#define TS_ATOMIC_RMW_ASM_r_and_b32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".and.b32", "r")
#define TS_ATOMIC_RMW_ASM_l_and_b64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".and.b64", "l")
#define TS_ATOMIC_RMW_ASM_r_or_b32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".or.b32", "r")
#define TS_ATOMIC_RMW_ASM_l_or_b64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".or.b64", "l")
#define TS_ATOMIC_RMW_ASM_r_xor_b32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".xor.b32", "r")
#define TS_ATOMIC_RMW_ASM_l_xor_b64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".xor.b64", "l")

namespace ts::ptx {

TS_ATOMIC_LOAD(atomic_load, uint32_t, b32, r)
TS_ATOMIC_LOAD(atomic_load, int32_t, b32, r)
TS_ATOMIC_LOAD(atomic_load, unsigned long long, b64, l)
TS_ATOMIC_LOAD(atomic_load, long long, b64, l)
TS_ATOMIC_LOAD(atomic_load, double, f64, d)
TS_ATOMIC_LOAD(atomic_load, float, f32, f)
TS_ATOMIC_STORE(atomic_store, uint32_t, b32, r)
TS_ATOMIC_STORE(atomic_store, int32_t, b32, r)
TS_ATOMIC_STORE(atomic_store, unsigned long long, b64, l)
TS_ATOMIC_STORE(atomic_store, long long, b64, l)
TS_ATOMIC_STORE(atomic_store, double, f64, d)
TS_ATOMIC_STORE(atomic_store, float, f32, f)
TS_ATOMIC_RMW(atomic_exchange, uint32_t, exch_b32, r)
TS_ATOMIC_RMW(atomic_exchange, int32_t, exch_b32, r)
TS_ATOMIC_RMW(atomic_exchange, unsigned long long, exch_b64, l)
TS_ATOMIC_RMW(atomic_exchange, long long, exch_b64, l)
TS_ATOMIC_RMW(atomic_add, uint32_t, add_u32, r)
TS_ATOMIC_RMW(atomic_add, int32_t, add_s32, r)
TS_ATOMIC_RMW(atomic_add, unsigned long long, add_u64, l)
TS_ATOMIC_RMW(atomic_add, long long, add_u64, l)
TS_ATOMIC_RMW(atomic_add, float, add_f32, f)
TS_ATOMIC_RMW(atomic_add, double, add_f64, d)
TS_ATOMIC_RMW(atomic_min, uint32_t, min_u32, r)
TS_ATOMIC_RMW(atomic_min, int32_t, min_s32, r)
TS_ATOMIC_RMW(atomic_min, unsigned long long, min_u64, l)
TS_ATOMIC_RMW(atomic_min, long long, min_s64, l)
TS_ATOMIC_RMW(atomic_max, uint32_t, max_u32, r)
TS_ATOMIC_RMW(atomic_max, int32_t, max_s32, r)
TS_ATOMIC_RMW(atomic_max, unsigned long long, max_u64, l)
TS_ATOMIC_RMW(atomic_max, long long, max_s64, l)
TS_ATOMIC_RMW(atomic_and, uint32_t, and_b32, r)
TS_ATOMIC_RMW(atomic_and, int32_t, and_b32, r)
TS_ATOMIC_RMW(atomic_and, unsigned long long, and_b64, l)
TS_ATOMIC_RMW(atomic_and, long long, and_b64, l)
TS_ATOMIC_RMW(atomic_or, uint32_t, or_b32, r)
TS_ATOMIC_RMW(atomic_or, int32_t, or_b32, r)
TS_ATOMIC_RMW(atomic_or, unsigned long long, or_b64, l)
TS_ATOMIC_RMW(atomic_or, long long, or_b64, l)
TS_ATOMIC_RMW(atomic_xor, uint32_t, xor_b32, r)
TS_ATOMIC_RMW(atomic_xor, int32_t, xor_b32, r)
TS_ATOMIC_RMW(atomic_xor, unsigned long long, xor_b64, l)
TS_ATOMIC_RMW(atomic_xor, long long, xor_b64, l)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, uint32_t, b32, r)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, int32_t, b32, r)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, uint16_t, b16, h)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, unsigned long long, b64, l)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, long long, b64, l)

TS_ATOMIC_RMW(atomic_add_f16, uint16_t, add_f16, h)
TS_ATOMIC_RMW(atomic_add_f16x2, uint32_t, add_f16x2, r)
#if __CUDA_ARCH__ >= 900
TS_ATOMIC_RMW(atomic_add_bf16, uint16_t, add_bf16, h)
TS_ATOMIC_RMW(atomic_add_bf16x2, uint32_t, add_bf16x2, r)
#endif

template <Order kOrder, Scope kScope>
TS_DEVICE half_t atomic_add(half_t* address, half_t value) {
  return bit_cast<half_t>(atomic_add_f16<kOrder, kScope>(reinterpret_cast<uint16_t*>(address),
                                                         bit_cast<uint16_t>(value)));
}
template <Order kOrder, Scope kScope>
TS_DEVICE bfloat16_t atomic_add(bfloat16_t* address, bfloat16_t value) {
  uint16_t* bits = reinterpret_cast<uint16_t*>(address);
#if __CUDA_ARCH__ >= 900
  return bit_cast<bfloat16_t>(atomic_add_bf16<kOrder, kScope>(bits, bit_cast<uint16_t>(value)));
#else
  uint16_t old = atomic_compare_exchange<Order::kRelaxed, kScope>(bits, uint16_t(0), uint16_t(0));
  while (true) {
    bfloat16_t sum = float(bit_cast<bfloat16_t>(old)) + float(value);
    uint16_t seen = atomic_compare_exchange<kOrder, kScope>(bits, old, bit_cast<uint16_t>(sum));
    if (seen == old) return bit_cast<bfloat16_t>(old);
    old = seen;
  }
#endif
}

// One for all bytes: they are few, at the ends of arrays. Defined where it is used.
template <typename>
__device__ uint32_t byte_lock = 0;

// Changes a byte around which no word may be exchanged, as its neighbours belong to somebody else.
// The lanes of a warp come one after the other: who has the lock releases it in the same iteration.
template <Order kOrder, Scope kScope, typename Change>
TS_DEVICE uint8_t locked_byte(uint8_t* address, Change change) {
  volatile uint8_t* byte = address;
  uint32_t* lock = &byte_lock<void>;
  uint8_t old = 0;
  for (bool waits = true; waits;) {
    if (atomic_compare_exchange<Order::kAcquire, Scope::kGpu>(lock, 0u, 1u) != 0u) continue;
    old = *byte;
    *byte = change(old);
    atomic_exchange<Order::kRelease, Scope::kGpu>(lock, 0u);
    waits = false;
  }
  return old;
}

// Each element is atomic by itself; the address is a multiple of the size.
template <Order kOrder, Scope kScope, typename T, int kCount>
TS_DEVICE Pack<T, kCount> atomic_add(Pack<T, kCount>* address, Pack<T, kCount> value) {
  Pack<T, kCount> old;
  for (int i = 0; i < kCount; ++i) {
    old.value[i] = atomic_add<kOrder, kScope>(&address->value[i], value.value[i]);
  }
  return old;
}
template <Order kOrder, Scope kScope>
TS_DEVICE Pack<half_t, 2> atomic_add(Pack<half_t, 2>* address, Pack<half_t, 2> value) {
  return bit_cast<Pack<half_t, 2>>(atomic_add_f16x2<kOrder, kScope>(
      reinterpret_cast<uint32_t*>(address), bit_cast<uint32_t>(value)));
}
#if __CUDA_ARCH__ >= 900
template <Order kOrder, Scope kScope>
TS_DEVICE Pack<bfloat16_t, 2> atomic_add(Pack<bfloat16_t, 2>* address, Pack<bfloat16_t, 2> value) {
  return bit_cast<Pack<bfloat16_t, 2>>(atomic_add_bf16x2<kOrder, kScope>(
      reinterpret_cast<uint32_t*>(address), bit_cast<uint32_t>(value)));
}

#define TS_ATOMIC_ADD_F32X2(order, scope)                                        \
  asm volatile("atom" order scope ".global.add.v2.f32 {%0, %1}, [%2], {%3, %4};" \
               : "=f"(old.value[0]), "=f"(old.value[1])                          \
               : "l"(global), "f"(value.value[0]), "f"(value.value[1])           \
               : "memory");
#define TS_ATOMIC_ADD_F32X4(order, scope)                                                        \
  asm volatile("atom" order scope ".global.add.v4.f32 {%0, %1, %2, %3}, [%4], {%5, %6, %7, %8};" \
               : "=f"(old.value[0]), "=f"(old.value[1]), "=f"(old.value[2]), "=f"(old.value[3])  \
               : "l"(global), "f"(value.value[0]), "f"(value.value[1]), "f"(value.value[2]),     \
                 "f"(value.value[3])                                                             \
               : "memory");
// The instruction is for global memory only.
template <Order kOrder, Scope kScope, int kCount>
TS_DEVICE Pack<float, kCount> atomic_add(Pack<float, kCount>* address, Pack<float, kCount> value) {
  Pack<float, kCount> old;
  if (kCount > 4 || !__isGlobal(address)) {
    for (int i = 0; i < kCount; ++i) {
      old.value[i] = atomic_add<kOrder, kScope>(&address->value[i], value.value[i]);
    }
    return old;
  }
  uint64_t global = __cvta_generic_to_global(address);
  if constexpr (kCount == 2) {
    TS_ATOMIC_ORDERS(TS_ATOMIC_ADD_F32X2)
  } else if constexpr (kCount == 4) {
    TS_ATOMIC_ORDERS(TS_ATOMIC_ADD_F32X4)
  }
  return old;
}
#endif

}  // namespace ts::ptx
