"""GEMM with a fused ReLU, in the eager style, with half-precision operands.

`T.macro` marks code that is inlined where it is called; here it is the epilogue, and any other
elementwise function of the accumulator could take its place.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@T.macro
def relu(tile: T.FragmentBuffer, rows: int, columns: int):
    for i, j in T.Parallel(rows, columns):
        tile[i, j] = T.max(tile[i, j], 0)


@tilescale.jit
def matmul_relu(A, B, block_M: int = 64, block_N: int = 64, block_K: int = 32):
    M, N, K = T.const("M N K")
    A: T.Tensor[[M, K], T.float16]
    B: T.Tensor[[K, N], T.float16]
    C = T.empty((M, N), T.float16)

    with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
        A_shared = T.alloc_shared((block_M, block_K), T.float16)
        B_shared = T.alloc_shared((block_K, block_N), T.float16)
        C_local = T.alloc_fragment((block_M, block_N), T.float32)

        T.use_swizzle(panel_size=10)
        T.clear(C_local)
        for k in T.Pipelined(T.ceildiv(K, block_K), num_stages=2):
            T.copy(A[by * block_M, k * block_K], A_shared)
            T.copy(B[k * block_K, bx * block_N], B_shared)
            T.gemm(A_shared, B_shared, C_local)
        relu(C_local, block_M, block_N)
        T.copy(C_local, C[by * block_M, bx * block_N])

    return C


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((200, 120)).astype(np.float16)
    b = rng.standard_normal((120, 150)).astype(np.float16)
    c = to_numpy(matmul_relu.with_options(target=target)(*place(target, a, b)))
    reference = np.maximum(a.astype(np.float32) @ b.astype(np.float32), 0)
    np.testing.assert_allclose(c.astype(np.float32), reference, rtol=2e-3, atol=2e-3)
    print(f"gemm_relu: {c.shape[0]} x {c.shape[1]} agrees with NumPy")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
