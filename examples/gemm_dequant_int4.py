"""GEMM with int4 weights: C = A @ (scale * W).T, the weights unpacked and scaled on the fly.

Two signed 4-bit weights share a byte, the first in the low bits, and each group of 32 weights of a
row has one scale. The kernel copies the packed bytes, unpacks them into a half-precision tile and
multiplies that.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy

GROUP = 32


@tilescale.jit
def matmul_int4(A, W, scale, block_M: int = 32, block_N: int = 64, block_K: int = 64):
    M, N, K = T.const("M N K")
    A: T.Tensor[[M, K], T.float16]
    W: T.Tensor[[N, K // 2], T.uint8]
    scale: T.Tensor[[N, K // GROUP], T.float16]
    C = T.empty((M, N), T.float32)

    with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
        A_shared = T.alloc_shared((block_M, block_K), T.float16)
        W_packed = T.alloc_shared((block_N, block_K // 2), T.uint8)
        W_shared = T.alloc_shared((block_N, block_K), T.float16)
        C_local = T.alloc_fragment((block_M, block_N), T.float32)

        T.clear(C_local)
        for k in T.Pipelined(T.ceildiv(K, block_K), num_stages=2):
            T.copy(A[by * block_M, k * block_K], A_shared)
            T.copy(W[bx * block_N, k * block_K // 2], W_packed)
            for i, j in T.Parallel(block_N, block_K):
                nibble = (T.cast(W_packed[i, j // 2], T.int32) >> (j % 2 * 4)) & 15
                # Two's complement in 4 bits: 8..15 stand for -8..-1.
                weight = T.cast((nibble ^ 8) - 8, T.float16)
                W_shared[i, j] = weight * scale[bx * block_N + i, (k * block_K + j) // GROUP]
            T.gemm(A_shared, W_shared, C_local, transpose_B=True)
        T.copy(C_local, C[by * block_M, bx * block_N])

    return C


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    m, n, k = 45, 100, 160
    a = rng.standard_normal((m, k)).astype(np.float16)
    weights = rng.integers(-8, 8, (n, k))
    scale = (2.0 ** rng.integers(-3, 1, (n, k // GROUP))).astype(np.float16)
    packed = ((weights[:, ::2] & 15) | (weights[:, 1::2] & 15) << 4).astype(np.uint8)
    kernel = matmul_int4.with_options(target=target)
    c = to_numpy(kernel(*place(target, a, packed, scale)))
    dense = weights * np.repeat(scale.astype(np.float32), GROUP, axis=1)
    np.testing.assert_allclose(c, a.astype(np.float32) @ dense.T, rtol=1e-4, atol=1e-3)
    print(f"gemm_dequant_int4: {m} x {n} x {k} agrees with NumPy")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
