// Atomic operations on shared or global memory. They return the old value.
#pragma once

// Expands statement(order, scope, ...), one asm statement, for the template parameters kOrder and
// kScope.
#define TS_ATOMIC_SCOPES(statement, order, ...) \
  if constexpr (kScope == Scope::kCta) {        \
    statement(order, ".cta", __VA_ARGS__);      \
  } else if constexpr (kScope == Scope::kGpu) { \
    statement(order, ".gpu", __VA_ARGS__);      \
  } else {                                      \
    statement(order, ".sys", __VA_ARGS__);      \
  }
#define TS_ATOMIC_ORDERS(statement, ...)                 \
  if constexpr (kOrder == Order::kRelaxed) {             \
    TS_ATOMIC_SCOPES(statement, ".relaxed", __VA_ARGS__) \
  } else if constexpr (kOrder == Order::kAcquire) {      \
    TS_ATOMIC_SCOPES(statement, ".acquire", __VA_ARGS__) \
  } else if constexpr (kOrder == Order::kRelease) {      \
    TS_ATOMIC_SCOPES(statement, ".release", __VA_ARGS__) \
  } else {                                               \
    TS_ATOMIC_SCOPES(statement, ".acq_rel", __VA_ARGS__) \
  }

// suffix: of the instruction, as in ".b32"; constraint: of the register with a T.
#define TS_ATOMIC_LOAD(name, T, suffix, constraint)                                           \
  template <Order kOrder, Scope kScope>                                                       \
  TS_DEVICE T name(const T* address) {                                                        \
    static_assert(kOrder == Order::kRelaxed || kOrder == Order::kAcquire, "order of a load"); \
    T old;                                                                                    \
    TS_ATOMIC_ORDERS(TS_ATOMIC_LOAD_ASM, suffix, constraint)                                  \
    return old;                                                                               \
  }
// clang-format off
#define TS_ATOMIC_LOAD_ASM(order, scope, suffix, constraint) \
  asm volatile("ld" order scope suffix " %0, [%1];" : "=" constraint(old) : "l"(address) \
               : "memory")
// clang-format on

#define TS_ATOMIC_STORE(name, T, suffix, constraint)                                           \
  template <Order kOrder, Scope kScope>                                                        \
  TS_DEVICE void name(T* address, T value) {                                                   \
    static_assert(kOrder == Order::kRelaxed || kOrder == Order::kRelease, "order of a store"); \
    TS_ATOMIC_ORDERS(TS_ATOMIC_STORE_ASM, suffix, constraint)                                  \
  }
#define TS_ATOMIC_STORE_ASM(order, scope, suffix, constraint) \
  asm volatile("st" order scope suffix " [%0], %1;" ::"l"(address), constraint(value) : "memory")

// instruction: the operation and its type, as in ".add.u32".
#define TS_ATOMIC_RMW(name, T, instruction, constraint)          \
  template <Order kOrder, Scope kScope>                          \
  TS_DEVICE T name(T* address, T value) {                        \
    T old;                                                       \
    TS_ATOMIC_ORDERS(TS_ATOMIC_RMW_ASM, instruction, constraint) \
    return old;                                                  \
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
    TS_ATOMIC_ORDERS(TS_ATOMIC_CAS_ASM, suffix, constraint)     \
    return old;                                                 \
  }
#define TS_ATOMIC_CAS_ASM(order, scope, suffix, constraint)            \
  asm volatile("atom" order scope ".cas" suffix " %0, [%1], %2, %3;"   \
               : "=" constraint(old)                                   \
               : "l"(address), constraint(expected), constraint(value) \
               : "memory")

// Integers, with what their bits are called in an operation or their type is.
#define TS_ATOMIC_OF_BITS(name, operation)                       \
  TS_ATOMIC_RMW(name, uint32_t, operation ".b32", "r")           \
  TS_ATOMIC_RMW(name, int32_t, operation ".b32", "r")            \
  TS_ATOMIC_RMW(name, unsigned long long, operation ".b64", "l") \
  TS_ATOMIC_RMW(name, long long, operation ".b64", "l")
#define TS_ATOMIC_OF_NUMBERS(name, operation, long_long)         \
  TS_ATOMIC_RMW(name, uint32_t, operation ".u32", "r")           \
  TS_ATOMIC_RMW(name, int32_t, operation ".s32", "r")            \
  TS_ATOMIC_RMW(name, unsigned long long, operation ".u64", "l") \
  TS_ATOMIC_RMW(name, long long, operation long_long, "l")
#define TS_ATOMIC_OF_REGISTERS(name, statement)                                \
  statement(name, uint32_t, ".b32", "r") statement(name, int32_t, ".b32", "r") \
      statement(name, unsigned long long, ".b64", "l") statement(name, long long, ".b64", "l")
#define TS_ATOMIC_OF_FLOATS(name, statement) \
  statement(name, float, ".f32", "f") statement(name, double, ".f64", "d")

namespace ts::ptx {

TS_ATOMIC_OF_REGISTERS(atomic_load, TS_ATOMIC_LOAD)
TS_ATOMIC_OF_FLOATS(atomic_load, TS_ATOMIC_LOAD)
TS_ATOMIC_OF_REGISTERS(atomic_store, TS_ATOMIC_STORE)
TS_ATOMIC_OF_FLOATS(atomic_store, TS_ATOMIC_STORE)
TS_ATOMIC_OF_REGISTERS(atomic_compare_exchange, TS_ATOMIC_COMPARE_EXCHANGE)
TS_ATOMIC_COMPARE_EXCHANGE(atomic_compare_exchange, uint16_t, ".b16", "h")
TS_ATOMIC_OF_BITS(atomic_exchange, ".exch")
TS_ATOMIC_OF_BITS(atomic_and, ".and")
TS_ATOMIC_OF_BITS(atomic_or, ".or")
TS_ATOMIC_OF_BITS(atomic_xor, ".xor")
TS_ATOMIC_OF_NUMBERS(atomic_min, ".min", ".s64")
TS_ATOMIC_OF_NUMBERS(atomic_max, ".max", ".s64")
// There is no addition of signed 64 bits; it is the same one.
TS_ATOMIC_OF_NUMBERS(atomic_add, ".add", ".u64")
TS_ATOMIC_RMW(atomic_add, float, ".add.f32", "f")
TS_ATOMIC_RMW(atomic_add, double, ".add.f64", "d")

TS_ATOMIC_RMW(atomic_add_f16, uint16_t, ".add.noftz.f16", "h")
TS_ATOMIC_RMW(atomic_add_f16x2, uint32_t, ".add.noftz.f16x2", "r")
#if __CUDA_ARCH__ >= 900
TS_ATOMIC_RMW(atomic_add_bf16, uint16_t, ".add.noftz.bf16", "h")
TS_ATOMIC_RMW(atomic_add_bf16x2, uint32_t, ".add.noftz.bf16x2", "r")
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

#define TS_ATOMIC_ADD_F32X2(order, scope, instruction)                     \
  asm volatile("atom" order scope instruction " {%0, %1}, [%2], {%3, %4};" \
               : "=f"(old.value[0]), "=f"(old.value[1])                    \
               : "l"(global), "f"(value.value[0]), "f"(value.value[1])     \
               : "memory")
#define TS_ATOMIC_ADD_F32X4(order, scope, instruction)                                          \
  asm volatile("atom" order scope instruction " {%0, %1, %2, %3}, [%4], {%5, %6, %7, %8};"      \
               : "=f"(old.value[0]), "=f"(old.value[1]), "=f"(old.value[2]), "=f"(old.value[3]) \
               : "l"(global), "f"(value.value[0]), "f"(value.value[1]), "f"(value.value[2]),    \
                 "f"(value.value[3])                                                            \
               : "memory")
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
    TS_ATOMIC_ORDERS(TS_ATOMIC_ADD_F32X2, ".global.add.v2.f32")
  } else if constexpr (kCount == 4) {
    TS_ATOMIC_ORDERS(TS_ATOMIC_ADD_F32X4, ".global.add.v4.f32")
  }
  return old;
}
#endif

}  // namespace ts::ptx
