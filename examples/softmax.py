"""Row softmax in one pass over the row, with a running maximum and a running sum.

Rows may be longer than a tile: each step rescales what was summed so far to the new maximum.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy

LOG2_E = 1.4426950408889634


@tilescale.jit
def softmax(X, block_M: int = 16, block_N: int = 128):
    M, N = T.const("M N")
    X: T.Tensor[[M, N], T.float32]
    Y = T.empty((M, N), T.float32)

    with T.Kernel(T.ceildiv(M, block_M), threads=128) as bx:
        x = T.alloc_fragment((block_M, block_N), T.float32)
        tile_max = T.alloc_fragment((block_M,), T.float32)
        tile_sum = T.alloc_fragment((block_M,), T.float32)
        row_max = T.alloc_fragment((block_M,), T.float32)
        row_sum = T.alloc_fragment((block_M,), T.float32)

        T.fill(row_max, -T.infinity(T.float32))
        T.clear(row_sum)
        for step in T.serial(T.ceildiv(N, block_N)):
            for i, j in T.Parallel(block_M, block_N):
                x[i, j] = T.if_then_else(
                    step * block_N + j < N,
                    X[bx * block_M + i, step * block_N + j] * LOG2_E,
                    -T.infinity(T.float32),
                )
            T.reduce_max(x, tile_max, dim=1)
            for i in T.Parallel(block_M):
                tile_max[i] = T.max(tile_max[i], row_max[i])
            for i, j in T.Parallel(block_M, block_N):
                x[i, j] = T.exp2(x[i, j] - tile_max[i])
            T.reduce_sum(x, tile_sum, dim=1)
            for i in T.Parallel(block_M):
                row_sum[i] = row_sum[i] * T.exp2(row_max[i] - tile_max[i]) + tile_sum[i]
                row_max[i] = tile_max[i]

        for step in T.serial(T.ceildiv(N, block_N)):
            T.copy(X[bx * block_M, step * block_N], x)
            for i, j in T.Parallel(block_M, block_N):
                x[i, j] = T.exp2(x[i, j] * LOG2_E - row_max[i]) / row_sum[i]
            T.copy(x, Y[bx * block_M, step * block_N])

    return Y


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((77, 1000)) * 10).astype(np.float32)
    y = to_numpy(softmax.with_options(target=target)(place(target, x)))
    exact = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(y, exact, rtol=1e-4, atol=1e-7)
    print(f"softmax: {y.shape[0]} rows of {y.shape[1]} agree with NumPy")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
