// Matrices of 8 x 8 elements of 16 bits between shared memory and registers, and their products.
#pragma once

namespace ts_sim {

template <int kCount>
TS_DEVICE void MoveMatrix(TsSimCollective op, uint32_t* registers, void* row, bool transposed) {
  TsSimMatrix arguments{registers, row, kCount, transposed};
  ::ts_sim_collective(op, 0xffffffffu, &arguments);
}

}  // namespace ts_sim

namespace ts::ptx {

TS_DEVICE void ldmatrix_x1(uint32_t (&r)[1], const void* row) {
  TS_SIM_NEEDS("ldmatrix", 75);
  ::ts_sim::MoveMatrix<1>(kTsSimLdmatrix, r, const_cast<void*>(row), false);
}
TS_DEVICE void ldmatrix_x2(uint32_t (&r)[2], const void* row) {
  TS_SIM_NEEDS("ldmatrix", 75);
  ::ts_sim::MoveMatrix<2>(kTsSimLdmatrix, r, const_cast<void*>(row), false);
}
TS_DEVICE void ldmatrix_x4(uint32_t (&r)[4], const void* row) {
  TS_SIM_NEEDS("ldmatrix", 75);
  ::ts_sim::MoveMatrix<4>(kTsSimLdmatrix, r, const_cast<void*>(row), false);
}
TS_DEVICE void ldmatrix_x1_trans(uint32_t (&r)[1], const void* row) {
  TS_SIM_NEEDS("ldmatrix", 75);
  ::ts_sim::MoveMatrix<1>(kTsSimLdmatrix, r, const_cast<void*>(row), true);
}
TS_DEVICE void ldmatrix_x2_trans(uint32_t (&r)[2], const void* row) {
  TS_SIM_NEEDS("ldmatrix", 75);
  ::ts_sim::MoveMatrix<2>(kTsSimLdmatrix, r, const_cast<void*>(row), true);
}
TS_DEVICE void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row) {
  TS_SIM_NEEDS("ldmatrix", 75);
  ::ts_sim::MoveMatrix<4>(kTsSimLdmatrix, r, const_cast<void*>(row), true);
}
TS_DEVICE void stmatrix_x4(void* row, uint32_t (&r)[4]) {
  TS_SIM_NEEDS("stmatrix", 90);
  ::ts_sim::MoveMatrix<4>(kTsSimStmatrix, r, row, false);
}
TS_DEVICE void stmatrix_x4_trans(void* row, uint32_t (&r)[4]) {
  TS_SIM_NEEDS("stmatrix", 90);
  ::ts_sim::MoveMatrix<4>(kTsSimStmatrix, r, row, true);
}

inline constexpr TsSimType kf16 = kTsSimF16, kbf16 = kTsSimBf16, ktf32 = kTsSimTf32;
inline constexpr TsSimType ke4m3 = kTsSimE4m3, ke5m2 = kTsSimE5m2, ks8 = kTsSimS8, ku8 = kTsSimU8;
inline constexpr TsSimType kf32 = kTsSimF32, ks32 = kTsSimS32;

#define TS_MMA(name, architecture, M, N, K, A, B, D, DType, na, nb, nd)                \
  TS_DEVICE void name(DType(&d)[nd], const uint32_t (&a)[na], const uint32_t (&b)[nb], \
                      const DType(&c)[nd]) {                                           \
    TS_SIM_NEEDS(#name, architecture);                                                 \
    TsSimMma arguments{M, N, K, k##A, k##B, k##D, a, b, c, d};                         \
    ::ts_sim_collective(kTsSimMma, 0xffffffffu, &arguments);                           \
  }
#include <tilescale/mma_table.cuh>
#undef TS_MMA

}  // namespace ts::ptx
