"""Hand-written kernels, one for each instruction family, with the architectures that have it."""

from __future__ import annotations

import dataclasses

ALL = ("sm_70", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")


@dataclasses.dataclass(frozen=True)
class Probe:
    """A kernel that uses one instruction.

    Attributes:
        name: name of the kernel.
        archs: where it assembles.
        lacking: architectures that do not have the instruction.
        source: the text.
    """

    name: str
    archs: tuple[str, ...]
    lacking: tuple[str, ...]
    source: str


_ADD = """
#include <cuda_fp16.h>
extern "C" __global__ void add(const float* a, const float* b, float* c, long long n) {
  long long i = blockIdx.x * 64ll + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i] + __half2float(__float2half(0.0f));
}
"""

_MMA_884 = """
extern "C" __global__ void mma_884(float* d, const unsigned* a) {
  float r[8] = {0};
  asm volatile(
      "mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%0,%1,%2,%3,%4,%5,%6,%7}, {%8,%9}, "
      "{%10,%11}, {%0,%1,%2,%3,%4,%5,%6,%7};"
      : "+f"(r[0]), "+f"(r[1]), "+f"(r[2]), "+f"(r[3]), "+f"(r[4]), "+f"(r[5]), "+f"(r[6]),
        "+f"(r[7])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]));
  for (int i = 0; i < 8; ++i) d[threadIdx.x * 8 + i] = r[i];
}
"""

_LDMATRIX = """
extern "C" __global__ void ldmatrix_x4(unsigned* d) {
  __shared__ __align__(16) unsigned short tile[1024];
  tile[threadIdx.x] = threadIdx.x;
  __syncthreads();
  unsigned r[4], at = (unsigned)__cvta_generic_to_shared(tile + threadIdx.x % 32 * 8);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(at));
  for (int i = 0; i < 4; ++i) d[threadIdx.x * 4 + i] = r[i];
}
"""

_MMA_16816 = """
extern "C" __global__ void mma_16816_bf16(float* d, const unsigned* a) {
  float r[4] = {0};
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(r[0]), "+f"(r[1]), "+f"(r[2]), "+f"(r[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(a[4]), "r"(a[5]));
  for (int i = 0; i < 4; ++i) d[threadIdx.x * 4 + i] = r[i];
}
"""

_CP_ASYNC = """
extern "C" __global__ void cp_async(float* d, const float* s) {
  __shared__ __align__(16) float tile[512];
  unsigned at = (unsigned)__cvta_generic_to_shared(tile + threadIdx.x * 4);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(s + threadIdx.x * 4));
  asm volatile("cp.async.commit_group;\\ncp.async.wait_group 0;" ::: "memory");
  __syncthreads();
  d[threadIdx.x] = tile[511 - threadIdx.x];
}
"""

_MMA_FP8 = """
extern "C" __global__ void mma_16832_e4m3(float* d, const unsigned* a) {
  float r[4] = {0};
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(r[0]), "+f"(r[1]), "+f"(r[2]), "+f"(r[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(a[4]), "r"(a[5]));
  for (int i = 0; i < 4; ++i) d[threadIdx.x * 4 + i] = r[i];
}
"""

_ELECT = """
extern "C" __global__ void elect(unsigned* d) {
  unsigned leader, chosen;
  asm volatile("{ .reg .pred p; elect.sync %0|p, 0xffffffff; selp.u32 %1, 1, 0, p; }"
               : "=r"(leader), "=r"(chosen));
  d[threadIdx.x] = leader + chosen;
}
"""

_WGMMA_FENCE = """
extern "C" __global__ void wgmma_fence(unsigned* d) {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  d[threadIdx.x] = threadIdx.x;
}
"""

PROBES = (
    Probe("add", ALL, (), _ADD),
    Probe("mma_884", ("sm_70", "sm_75"), (), _MMA_884),
    Probe("ldmatrix_x4", ALL[1:], ("sm_70",), _LDMATRIX),
    Probe("mma_16816_bf16", ALL[2:], ("sm_75",), _MMA_16816),
    Probe("cp_async", ALL[2:], ("sm_75",), _CP_ASYNC),
    Probe("mma_16832_e4m3", ALL[4:], ("sm_86",), _MMA_FP8),
    Probe("elect", ALL[5:], ("sm_80", "sm_89"), _ELECT),
    # Of sm_90a only: the plain architectures, those behind it too, lack it.
    Probe("wgmma_fence", (), ("sm_90", "sm_100", "sm_120"), _WGMMA_FENCE),
)
SOURCES = {probe.name: probe.source for probe in PROBES}
