// The simulator's meaning of CUDA's words.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tilescale/sim/abi.h>

#define TS_DEVICE inline __attribute__((always_inline))
#define TS_DYNAMIC_SHARED(name) unsigned char* const name = ::ts_sim_shared()

#define __global__
#define __device__
#define __host__
#define __forceinline__ TS_DEVICE
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(bytes) alignas(bytes)

#define threadIdx (::ts_sim_thread_idx())
#define blockIdx (::ts_sim_block_idx())
#define blockDim (::ts_sim_block_dim())
#define gridDim (::ts_sim_grid_dim())

// Functions that CUDA has and the host's <math.h> lacks.
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }

// Of a number and NaN the number, also if NaN signals; -0 is less than 0.
namespace ts_sim {

TS_DEVICE float Min(float a, float b) {
  if (a != a || b != b) return a == a ? a : b == b ? b : __builtin_nanf("");
  return a < b || (a == b && __builtin_signbit(a)) ? a : b;
}
TS_DEVICE float Max(float a, float b) {
  if (a != a || b != b) return a == a ? a : b == b ? b : __builtin_nanf("");
  return a > b || (a == b && !__builtin_signbit(a)) ? a : b;
}

}  // namespace ts_sim

#define fminf(a, b) (::ts_sim::Min(a, b))
#define fmaxf(a, b) (::ts_sim::Max(a, b))

// Says which instruction the architecture lacks, when a kernel reaches it.
#define TS_SIM_NEEDS(name, architecture) \
  if (__CUDA_ARCH__ < (architecture) * 10) ::ts_sim_unsupported(name, architecture)

// Each kernel gets an entry that takes its arguments as the driver does: an array of their
// addresses.
namespace ts_sim {

template <int... kIndices>
struct Indices {};
template <int kCount, int... kIndices>
struct MakeIndices : MakeIndices<kCount - 1, kCount - 1, kIndices...> {};
template <int... kIndices>
struct MakeIndices<0, kIndices...> {
  using Type = Indices<kIndices...>;
};

// The array of addresses belongs to nobody whom the simulator knows: its reads are not checked.
template <typename... Parameters, int... kIndices>
__attribute__((no_sanitize("thread"))) void Call(void (*kernel)(Parameters...), void** arguments,
                                                 Indices<kIndices...>) {
  (void)arguments;
  kernel(*static_cast<Parameters*>(arguments[kIndices])...);
}

template <typename... Parameters>
__attribute__((no_sanitize("thread"))) void Start(void (*kernel)(Parameters...), void** arguments) {
  Call(kernel, arguments, typename MakeIndices<sizeof...(Parameters)>::Type());
}

// Sizes of the parameters, 0 behind the last.
template <typename... Parameters>
struct Sizes {
  Sizes(void (*)(Parameters...)) {}
  static constexpr unsigned kValues[] = {sizeof(Parameters)..., 0};
};

}  // namespace ts_sim

#define TS_SIM_ENTRY(kernel)                                                                       \
  extern "C" void ts_sim_entry_##kernel(void** arguments) { ::ts_sim::Start(&kernel, arguments); } \
  extern "C" const unsigned* ts_sim_parameters_##kernel() {                                        \
    return decltype(::ts_sim::Sizes(&kernel))::kValues;                                            \
  }
