// Atomic operations on shared or global memory. They return the old value.
#pragma once

namespace ts_sim {

template <TsSimNumber kNumber>
struct NumberIs {
  static constexpr TsSimNumber kType = kNumber;
};
template <typename T>
struct Number;
// clang-format off
template <> struct Number<uint8_t> : NumberIs<kTsSimByte> {};
template <> struct Number<uint16_t> : NumberIs<kTsSimU16> {};
template <> struct Number<uint32_t> : NumberIs<kTsSimU32> {};
template <> struct Number<int32_t> : NumberIs<kTsSimI32> {};
template <> struct Number<unsigned long> : NumberIs<kTsSimU64> {};
template <> struct Number<unsigned long long> : NumberIs<kTsSimU64> {};
template <> struct Number<long> : NumberIs<kTsSimI64> {};
template <> struct Number<long long> : NumberIs<kTsSimI64> {};
template <> struct Number<float> : NumberIs<kTsSimFloat> {};
template <> struct Number<double> : NumberIs<kTsSimDouble> {};
template <> struct Number<ts::half_t> : NumberIs<kTsSimHalf> {};
template <> struct Number<ts::bfloat16_t> : NumberIs<kTsSimBfloat16> {};
// clang-format on

constexpr TsSimOrder OrderOf(ts::Order order) { return static_cast<TsSimOrder>(order); }
constexpr TsSimScope ScopeOf(ts::Scope scope) {
  return scope == ts::Scope::kCta ? kTsSimCta : scope == ts::Scope::kGpu ? kTsSimGpu : kTsSimSys;
}

template <ts::Order kOrder, ts::Scope kScope, typename T>
TS_DEVICE T Atomic(TsSimAtomic op, T* address, T operand, T expected = T()) {
  uint64_t bits = 0, expected_bits = 0;
  __builtin_memcpy(&bits, &operand, sizeof(T));
  __builtin_memcpy(&expected_bits, &expected, sizeof(T));
  bits = ::ts_sim_atomic(op, Number<T>::kType, address, bits, expected_bits, OrderOf(kOrder),
                         ScopeOf(kScope));
  T old;
  __builtin_memcpy(&old, &bits, sizeof(T));
  return old;
}

// Operations that GPUs have for integers only.
template <ts::Order kOrder, ts::Scope kScope, typename T>
TS_DEVICE T IntegerAtomic(TsSimAtomic op, T* address, T operand, T expected = T()) {
  static_assert(Number<T>::kType < kTsSimFloat, "this operation needs an integer");
  return Atomic<kOrder, kScope, T>(op, address, operand, expected);
}

}  // namespace ts_sim

namespace ts::ptx {

// T: integers of 4 and 8 bytes, float, double; additions also of half_t and bfloat16_t, and
// exchanges by comparison of uint16_t.
template <Order kOrder, Scope kScope, typename T>
TS_DEVICE T atomic_load(const T* address) {
  static_assert(kOrder == Order::kRelaxed || kOrder == Order::kAcquire, "order of a load");
  return ::ts_sim::Atomic<kOrder, kScope, T>(kTsSimLoad, const_cast<T*>(address), T());
}
template <Order kOrder, Scope kScope, typename T>
TS_DEVICE void atomic_store(T* address, T value) {
  static_assert(kOrder == Order::kRelaxed || kOrder == Order::kRelease, "order of a store");
  ::ts_sim::Atomic<kOrder, kScope, T>(kTsSimStore, address, value);
}
template <Order kOrder, Scope kScope, typename T>
TS_DEVICE T atomic_compare_exchange(T* address, T expected, T value) {
  return ::ts_sim::IntegerAtomic<kOrder, kScope, T>(kTsSimCompareExchange, address, value,
                                                    expected);
}
#define TS_ATOMIC_RMW(name, numbers, operation)                                     \
  template <Order kOrder, Scope kScope, typename T>                                 \
  TS_DEVICE T name(T* address, T value) {                                           \
    return ::ts_sim::numbers<kOrder, kScope, T>(kTsSim##operation, address, value); \
  }
TS_ATOMIC_RMW(atomic_exchange, IntegerAtomic, Exchange)
TS_ATOMIC_RMW(atomic_add, Atomic, Add)
TS_ATOMIC_RMW(atomic_min, IntegerAtomic, Min)
TS_ATOMIC_RMW(atomic_max, IntegerAtomic, Max)
TS_ATOMIC_RMW(atomic_and, IntegerAtomic, And)
TS_ATOMIC_RMW(atomic_or, IntegerAtomic, Or)
TS_ATOMIC_RMW(atomic_xor, IntegerAtomic, Xor)
#undef TS_ATOMIC_RMW

// GPUs take a lock; what counts is that it is one step and touches no other byte.
template <Order kOrder, Scope kScope, typename Change>
TS_DEVICE uint8_t locked_byte(uint8_t* address, Change change) {
  uint8_t old = ::ts_sim::Atomic<Order::kRelaxed, kScope, uint8_t>(kTsSimLoad, address, 0);
  while (true) {
    uint8_t seen = atomic_compare_exchange<kOrder, kScope, uint8_t>(address, old, change(old));
    if (seen == old) return old;
    old = seen;
  }
}

// Each element is atomic by itself; the address is a multiple of the size.
template <Order kOrder, Scope kScope, typename T, int kCount>
TS_DEVICE Pack<T, kCount> atomic_add(Pack<T, kCount>* address, Pack<T, kCount> value) {
  ::ts_sim_aligned(address, sizeof(value));
  Pack<T, kCount> old;
  for (int i = 0; i < kCount; ++i) {
    old.value[i] = atomic_add<kOrder, kScope>(&address->value[i], value.value[i]);
  }
  return old;
}

}  // namespace ts::ptx
