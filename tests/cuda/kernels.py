"""CUDA kernels in the form that the compiler emits, for tests without a compiler."""

from __future__ import annotations

from typing import Any

from tests.runtime.c_kernels import expr, scalar, sym, tensor
from tilescale import cuda


def load(
    source: str,
    name: str,
    params: list[Any],
    arch: str,
    *,
    block: tuple[int, int, int] = (64, 1, 1),
    shared_bytes: int = 0,
    cooperative: bool = False,
    **fields: Any,
) -> cuda.CudaKernel:
    """Compiles a source and makes its kernel callable.

    Args:
        source: the text.
        name: the kernel.
        params: as in a signature.
        arch: architecture.
        block: threads of a block.
        shared_bytes: dynamic shared memory.
        cooperative: whether blocks wait for each other.
        fields: the rest of the signature.
    """
    signature = {"name": name, "params": params, "symbols": [], "grid": [{"const": 1}], **fields}
    signature["num_exprs"] = len(signature.get("exprs", []))
    binary = cuda.compile_cuda(source, arch, kernels=[name])
    return cuda.CudaKernel(binary, name, signature, block, shared_bytes, cooperative)


ADD = """
extern "C" __global__ void add(const float* a, const float* b, float* c, long long n) {
  long long i = blockIdx.x * 64ll + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}
"""


def load_add(arch: str, role: str = "output") -> cuda.CudaKernel:
    """Returns C = A + B for float32 vectors, 64 elements in a block."""
    params = [tensor("A", [sym(0)]), tensor("B", [sym(0)])]
    params.append(tensor("C", [sym(0)], role=role, written=True))
    return load(
        ADD,
        "add",
        params,
        arch,
        symbols=["N"],
        exprs=["s0 63 + 64 //"],
        expr_text=["ceildiv(N, 64)"],
        grid=[expr(0)],
    )


AXPY = """
#include <cuda_fp16.h>
extern "C" __global__ void axpy(const __half* x, float* y, float a, int n, long long) {
  int i = blockIdx.x * 64 + threadIdx.x;
  if (i < n) y[i] += a * __half2float(x[i]);
}
"""


def load_axpy(arch: str) -> cuda.CudaKernel:
    """Returns Y += a * X with scalars of two types; the length is an argument too."""
    params = [
        tensor("X", [sym(0)], "float16"),
        tensor("Y", [sym(0)], written=True),
        scalar("a", "float32"),
        scalar("n", "int32", symbol=0),
    ]
    return load(AXPY, "axpy", params, arch, symbols=["n"], grid=[{"const": 2}])


REVERSE = """
extern "C" __global__ void reverse(const float* x, float* y) {
  extern __shared__ __align__(16) float tile[];
  for (int i = threadIdx.x; i < COUNT; i += blockDim.x) tile[i] = x[i];
  __syncthreads();
  for (int i = threadIdx.x; i < COUNT; i += blockDim.x) y[i] = tile[COUNT - 1 - i];
}
"""


def load_reverse(arch: str, count: int) -> cuda.CudaKernel:
    """Returns the reversal of `count` floats by one block, through dynamic shared memory."""
    params = [
        tensor("X", [{"const": count}]),
        tensor("Y", [{"const": count}], role="output", written=True),
    ]
    source = REVERSE.replace("COUNT", str(count))
    return load(source, "reverse", params, arch, block=(256, 1, 1), shared_bytes=4 * count)
