"""Batched GEMM, C[b] = A[b] @ B[b].T, over a three-dimensional grid.

A region such as `A[bz, rows, columns]` picks one matrix of the batch; B is stored transposed, as
weights often are.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit(out_idx=[2])
def batched_matmul(batch: int, M: int, N: int, K: int, block: int = 64, dtype: str = "float32"):
    @T.prim_func
    def main(
        A: T.Tensor((batch, M, K), dtype),
        B: T.Tensor((batch, N, K), dtype),
        C: T.Tensor((batch, M, N), dtype),
    ):
        with T.Kernel(T.ceildiv(N, block), T.ceildiv(M, block), batch, threads=128) as (bx, by, bz):
            A_shared = T.alloc_shared((block, 32), dtype)
            B_shared = T.alloc_shared((block, 32), dtype)
            C_local = T.alloc_fragment((block, block), "float32")

            T.clear(C_local)
            for k in T.Pipelined(T.ceildiv(K, 32), num_stages=2):
                rows, columns, steps = by * block, bx * block, k * 32
                T.copy(A[bz, rows : rows + block, steps : steps + 32], A_shared)
                T.copy(B[bz, columns : columns + block, steps : steps + 32], B_shared)
                T.gemm(A_shared, B_shared, C_local, transpose_B=True)
            T.copy(C_local, C[bz, by * block, bx * block])

    return main


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    # Small integers: every order of summation is exact, so the comparison can be.
    a = rng.integers(-4, 5, (3, 100, 70)).astype(np.float32)
    b = rng.integers(-4, 5, (3, 90, 70)).astype(np.float32)
    kernel = batched_matmul.with_options(target=target)(3, 100, 90, 70)
    c = to_numpy(kernel(*place(target, a, b)))
    np.testing.assert_array_equal(c, a @ b.transpose(0, 2, 1))
    print(f"gemm_batched: {c.shape} equal to NumPy's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
