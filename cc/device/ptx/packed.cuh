// Operations on two floating values in one word; none is fused with another.
#pragma once

namespace ts::ptx {

// constraint: of a register with a T. The instructions may be moved and removed: they do nothing
// but give a result.
#define TS_PACKED_UNARY(name, T, instruction, constraint)            \
  TS_DEVICE T name(T a) {                                            \
    T d;                                                             \
    asm(instruction " %0, %1;" : "=" constraint(d) : constraint(a)); \
    return d;                                                        \
  }
#define TS_PACKED_BINARY(name, T, instruction, constraint)                              \
  TS_DEVICE T name(T a, T b) {                                                          \
    T d;                                                                                \
    asm(instruction " %0, %1, %2;" : "=" constraint(d) : constraint(a), constraint(b)); \
    return d;                                                                           \
  }
#define TS_PACKED_FMA(name, T, instruction, constraint) \
  TS_DEVICE T name(T a, T b, T c) {                     \
    T d;                                                \
    asm(instruction " %0, %1, %2, %3;"                  \
        : "=" constraint(d)                             \
        : constraint(a), constraint(b), constraint(c)); \
    return d;                                           \
  }

TS_PACKED_UNARY(abs_f16x2, uint32_t, "abs.f16x2", "r")
TS_PACKED_BINARY(add_f16x2, uint32_t, "add.rn.f16x2", "r")
TS_PACKED_BINARY(sub_f16x2, uint32_t, "sub.rn.f16x2", "r")
TS_PACKED_BINARY(mul_f16x2, uint32_t, "mul.rn.f16x2", "r")
TS_PACKED_FMA(fma_f16x2, uint32_t, "fma.rn.f16x2", "r")

// sm_80 and newer.
TS_PACKED_BINARY(max_f16x2, uint32_t, "max.f16x2", "r")
TS_PACKED_BINARY(min_f16x2, uint32_t, "min.f16x2", "r")
TS_PACKED_UNARY(abs_bf16x2, uint32_t, "abs.bf16x2", "r")
TS_PACKED_BINARY(max_bf16x2, uint32_t, "max.bf16x2", "r")
TS_PACKED_BINARY(min_bf16x2, uint32_t, "min.bf16x2", "r")
TS_PACKED_FMA(fma_bf16x2, uint32_t, "fma.rn.bf16x2", "r")
#if __CUDA_ARCH__ >= 900
TS_PACKED_BINARY(add_bf16x2, uint32_t, "add.rn.bf16x2", "r")
TS_PACKED_BINARY(sub_bf16x2, uint32_t, "sub.rn.bf16x2", "r")
TS_PACKED_BINARY(mul_bf16x2, uint32_t, "mul.rn.bf16x2", "r")
#else
// By 1, -1 and -0, which change no result, not even the sign of a zero.
TS_DEVICE uint32_t add_bf16x2(uint32_t a, uint32_t b) { return fma_bf16x2(a, 0x3f803f80u, b); }
TS_DEVICE uint32_t sub_bf16x2(uint32_t a, uint32_t b) { return fma_bf16x2(b, 0xbf80bf80u, a); }
TS_DEVICE uint32_t mul_bf16x2(uint32_t a, uint32_t b) { return fma_bf16x2(a, b, 0x80008000u); }
#endif

// sm_100 and newer.
TS_PACKED_BINARY(add_f32x2, uint64_t, "add.rn.f32x2", "l")
TS_PACKED_BINARY(sub_f32x2, uint64_t, "sub.rn.f32x2", "l")
TS_PACKED_BINARY(mul_f32x2, uint64_t, "mul.rn.f32x2", "l")
TS_PACKED_FMA(fma_f32x2, uint64_t, "fma.rn.f32x2", "l")

#undef TS_PACKED_UNARY
#undef TS_PACKED_BINARY
#undef TS_PACKED_FMA

}  // namespace ts::ptx
