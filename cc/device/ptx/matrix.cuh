// Matrices of 8 x 8 elements of 16 bits between shared memory and registers, and their products.
#pragma once

namespace ts::ptx {

TS_DEVICE void ldmatrix_x1(uint32_t (&r)[1], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(r[0])
               : "r"(shared_address(row))
               : "memory");
}
TS_DEVICE void ldmatrix_x1_trans(uint32_t (&r)[1], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
               : "=r"(r[0])
               : "r"(shared_address(row))
               : "memory");
}
TS_DEVICE void ldmatrix_x2(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row))
               : "memory");
}
TS_DEVICE void ldmatrix_x2_trans(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row))
               : "memory");
}
TS_DEVICE void ldmatrix_x4(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
TS_DEVICE void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
TS_DEVICE void stmatrix_x4(void* row, uint32_t (&r)[4]) {
  asm volatile(
      "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(shared_address(row)),
      "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
      : "memory");
}
TS_DEVICE void stmatrix_x4_trans(void* row, uint32_t (&r)[4]) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(
                   shared_address(row)),
               "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
               : "memory");
}

// Constraints of the registers of D, and one asm statement for each combination of register counts
// (D, A, B).
#define TS_REGISTER_float "f"
#define TS_REGISTER_uint32_t "r"
#define TS_REGISTER_int32_t "r"

#define TS_MMA_ASM_8_2_2(instruction, type)                                                      \
  asm volatile(instruction                                                                       \
               " {%0, %1, %2, %3, %4, %5, %6, %7}, {%8, %9}, {%10, %11}, {%12, %13, %14, %15, "  \
               "%16, %17, %18, %19};"                                                            \
               : "=" type(d[0]), "=" type(d[1]), "=" type(d[2]), "=" type(d[3]), "=" type(d[4]), \
                 "=" type(d[5]), "=" type(d[6]), "=" type(d[7])                                  \
               : "r"(a[0]), "r"(a[1]), "r"(b[0]), "r"(b[1]), type(c[0]), type(c[1]), type(c[2]), \
                 type(c[3]), type(c[4]), type(c[5]), type(c[6]), type(c[7]))
#define TS_MMA_ASM_4_2_2(instruction, type)                                                      \
  asm volatile(instruction " {%0, %1, %2, %3}, {%4, %5}, {%6, %7}, {%8, %9, %10, %11};"          \
               : "=" type(d[0]), "=" type(d[1]), "=" type(d[2]), "=" type(d[3])                  \
               : "r"(a[0]), "r"(a[1]), "r"(b[0]), "r"(b[1]), type(c[0]), type(c[1]), type(c[2]), \
                 type(c[3]))
#define TS_MMA_ASM_4_2_1(instruction, type)                                        \
  asm volatile(instruction " {%0, %1, %2, %3}, {%4, %5}, {%6}, {%7, %8, %9, %10};" \
               : "=" type(d[0]), "=" type(d[1]), "=" type(d[2]), "=" type(d[3])    \
               : "r"(a[0]), "r"(a[1]), "r"(b[0]), type(c[0]), type(c[1]), type(c[2]), type(c[3]))
#define TS_MMA_ASM_2_2_1(instruction, type)                       \
  asm volatile(instruction " {%0, %1}, {%2, %3}, {%4}, {%5, %6};" \
               : "=" type(d[0]), "=" type(d[1])                   \
               : "r"(a[0]), "r"(a[1]), "r"(b[0]), type(c[0]), type(c[1]))
#define TS_MMA_ASM_2_1_1(instruction, type)                   \
  asm volatile(instruction " {%0, %1}, {%2}, {%3}, {%4, %5};" \
               : "=" type(d[0]), "=" type(d[1])               \
               : "r"(a[0]), "r"(b[0]), type(c[0]), type(c[1]))
#define TS_MMA_ASM_4_4_2(instruction, type)                                                       \
  asm volatile(instruction " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};" \
               : "=" type(d[0]), "=" type(d[1]), "=" type(d[2]), "=" type(d[3])                   \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), type(c[0]),    \
                 type(c[1]), type(c[2]), type(c[3]))
#define TS_MMA_ASM_2_4_2(instruction, type)                                                    \
  asm volatile(instruction " {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%8, %9};"                  \
               : "=" type(d[0]), "=" type(d[1])                                                \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), type(c[0]), \
                 type(c[1]))

#define TS_MMA(name, architecture, M, N, K, A, B, D, DType, na, nb, nd)                       \
  TS_DEVICE void name(DType(&d)[nd], const uint32_t (&a)[na], const uint32_t (&b)[nb],        \
                      const DType(&c)[nd]) {                                                  \
    TS_MMA_ASM_##nd##_##na##_##nb("mma.sync.aligned.m" #M "n" #N "k" #K ".row.col." #D "." #A \
                                  "." #B "." #D,                                              \
                                  TS_REGISTER_##DType);                                       \
  }
#include <tilescale/mma_table.cuh>
#undef TS_MMA

}  // namespace ts::ptx
