"""Running sums along rows that are longer than a tile: scan a tile, then add the carry."""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit(out_idx=[-1])
def cumsum(M: int, N: int, block_M: int = 16, block_N: int = 64, dtype: str = "int32"):
    @T.prim_func
    def main(X: T.Tensor((M, N), dtype), Y: T.Tensor((M, N), dtype)):
        with T.Kernel(T.ceildiv(M, block_M), threads=128) as bx:
            tile = T.alloc_shared((block_M, block_N), dtype)
            carry = T.alloc_fragment((block_M,), dtype)

            T.clear(carry)
            for step in T.serial(T.ceildiv(N, block_N)):
                # Elements behind the end of a row read as 0 and do not change the carry.
                T.copy(X[bx * block_M, step * block_N], tile)
                T.cumsum(tile, dim=1)
                for i, j in T.Parallel(block_M, block_N):
                    tile[i, j] += carry[i]
                T.copy(tile, Y[bx * block_M, step * block_N])
                for i in T.Parallel(block_M):
                    carry[i] = tile[i, block_N - 1]

    return main


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-100, 100, (50, 300)).astype(np.int32)
    y = to_numpy(cumsum.with_options(target=target)(50, 300)(place(target, x)))
    np.testing.assert_array_equal(y, np.cumsum(x, axis=1))
    print(f"cumsum: {y.shape[0]} rows of {y.shape[1]} equal to NumPy's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
