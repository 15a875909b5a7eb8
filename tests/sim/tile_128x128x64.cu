#include "tilescale/kernel.cuh"
// C = A B^T for a tile of 128 x 128 x 64: cp.async into swizzled shared memory, ldmatrix, mma.
extern "C" __global__ void __launch_bounds__(128)
    k(const ts::half_t* a, const ts::half_t* b, float* c) {
  TS_DYNAMIC_SHARED(raw);
  ts::half_t* sa = reinterpret_cast<ts::half_t*>(raw);
  ts::half_t* sb = sa + 128 * 64;
  int t = threadIdx.x, warp = t / 32, lane = t % 32;
  for (int i = t; i < 128 * 8; i += 128) {
    int row = i / 8, chunk = i % 8;
    ts::ptx::cp_async_16(sa + row * 64 + (chunk ^ (row & 7)) * 8, a + row * 64 + chunk * 8);
    ts::ptx::cp_async_16(sb + row * 64 + (chunk ^ (row & 7)) * 8, b + row * 64 + chunk * 8);
  }
  ts::ptx::cp_async_commit();
  ts::ptx::cp_async_wait<0>();
  ts::sync_block();
  float acc[4][8][4] = {};
  int m0 = warp / 2 * 64, n0 = warp % 2 * 64;
  for (int k = 0; k < 64; k += 16) {
    uint32_t fa[4][4], fb[8][2];
    for (int i = 0; i < 4; ++i) {
      int row = m0 + i * 16 + lane % 16, chunk = k / 8 + lane / 16;
      ts::ptx::ldmatrix_x4(fa[i], sa + row * 64 + (chunk ^ (row & 7)) * 8);
    }
    for (int j = 0; j < 8; j += 2) {
      uint32_t r[4];
      int row = n0 + j * 8 + lane % 8 + lane / 16 * 8, chunk = k / 8 + lane / 8 % 2;
      ts::ptx::ldmatrix_x4(r, sb + row * 64 + (chunk ^ (row & 7)) * 8);
      fb[j][0] = r[0]; fb[j][1] = r[1]; fb[j + 1][0] = r[2]; fb[j + 1][1] = r[3];
    }
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 8; ++j) ts::ptx::mma_m16n8k16_f32_f16(acc[i][j], fa[i], fb[j], acc[i][j]);
  }
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 8; ++j)
      for (int e = 0; e < 4; ++e)
        c[(m0 + i * 16 + lane / 4 + e / 2 * 8) * 128 + n0 + j * 8 + lane % 4 * 2 + e % 2] = acc[i][j][e];
}
