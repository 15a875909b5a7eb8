// Atomic operations on 4 and 8 bytes of shared or global memory. They return the old value.
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
#define TS_ATOMIC_CAS_ASM_r(order, scope) TS_ATOMIC_CAS_ASM(order, scope, ".b32", "r")
#define TS_ATOMIC_CAS_ASM_l(order, scope) TS_ATOMIC_CAS_ASM(order, scope, ".b64", "l")

#define TS_ATOMIC_RMW_ASM_r_exch_b32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".exch.b32", "r")
#define TS_ATOMIC_RMW_ASM_l_exch_b64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".exch.b64", "l")
#define TS_ATOMIC_RMW_ASM_r_add_u32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.u32", "r")
#define TS_ATOMIC_RMW_ASM_r_add_s32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.s32", "r")
#define TS_ATOMIC_RMW_ASM_l_add_u64(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.u64", "l")
#define TS_ATOMIC_RMW_ASM_f_add_f32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".add.f32", "f")
#define TS_ATOMIC_RMW_ASM_r_min_u32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".min.u32", "r")
#define TS_ATOMIC_RMW_ASM_r_min_s32(order, scope) TS_ATOMIC_RMW_ASM(order, scope, ".min.s32", "r")
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
TS_ATOMIC_LOAD(atomic_load, float, f32, f)
TS_ATOMIC_STORE(atomic_store, uint32_t, b32, r)
TS_ATOMIC_STORE(atomic_store, int32_t, b32, r)
TS_ATOMIC_STORE(atomic_store, unsigned long long, b64, l)
TS_ATOMIC_STORE(atomic_store, float, f32, f)
TS_ATOMIC_RMW(atomic_exchange, uint32_t, exch_b32, r)
TS_ATOMIC_RMW(atomic_exchange, int32_t, exch_b32, r)
TS_ATOMIC_RMW(atomic_exchange, unsigned long long, exch_b64, l)
TS_ATOMIC_RMW(atomic_add, uint32_t, add_u32, r)
TS_ATOMIC_RMW(atomic_add, int32_t, add_s32, r)
TS_ATOMIC_RMW(atomic_add, unsigned long long, add_u64, l)
TS_ATOMIC_RMW(atomic_add, float, add_f32, f)
TS_ATOMIC_RMW(atomic_min, uint32_t, min_u32, r)
TS_ATOMIC_RMW(atomic_min, int32_t, min_s32, r)
TS_ATOMIC_RMW(atomic_min, unsigned long long, min_u64, l)
TS_ATOMIC_RMW(atomic_max, uint32_t, max_u32, r)
TS_ATOMIC_RMW(atomic_max, int32_t, max_s32, r)
TS_ATOMIC_RMW(atomic_max, unsigned long long, max_u64, l)
TS_ATOMIC_RMW(atomic_and, uint32_t, and_b32, r)
TS_ATOMIC_RMW(atomic_and, int32_t, and_b32, r)
TS_ATOMIC_RMW(atomic_and, unsigned long long, and_b64, l)
TS_ATOMIC_RMW(atomic_or, uint32_t, or_b32, r)
TS_ATOMIC_RMW(atomic_or, int32_t, or_b32, r)
TS_ATOMIC_RMW(atomic_or, unsigned long long, or_b64, l)
TS_ATOMIC_RMW(atomic_xor, uint32_t, xor_b32, r)
TS_ATOMIC_RMW(atomic_xor, int32_t, xor_b32, r)
TS_ATOMIC_RMW(atomic_xor, unsigned long long, xor_b64, l)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, uint32_t, b32, r)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, int32_t, b32, r)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, unsigned long long, b64, l)

}  // namespace ts::ptx
