"""An elementwise kernel over dynamic shapes: compiled once, called with any M and N.

Lazy style: a Python function builds a `T.prim_func`. Shapes made by `T.dynamic` stay symbols in
the compiled kernel. No tile size divides the shapes; tiles that hang over the edge are guarded.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit(out_idx=[-1])
def scale_and_shift(block_M: int, block_N: int, dtype: str = "float32"):
    M, N = T.dynamic("M, N")

    @T.prim_func
    def main(
        X: T.Tensor((M, N), dtype),
        scale: T.Tensor((N,), dtype),
        shift: T.float32,
        Y: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
            X_shared = T.alloc_shared((block_M, block_N), dtype)
            Y_local = T.alloc_fragment((block_M, block_N), dtype)

            T.copy(X[by * block_M, bx * block_N], X_shared)
            for i, j in T.Parallel(block_M, block_N):
                Y_local[i, j] = X_shared[i, j] * scale[bx * block_N + j] + shift
            T.copy(Y_local, Y[by * block_M, bx * block_N])

    return main


def main(target: str = "auto") -> None:
    kernel = scale_and_shift.with_options(target=target)(48, 100)
    rng = np.random.default_rng(0)
    for m, n in [(1, 1), (7, 333), (48, 100), (129, 257), (0, 5)]:
        x = rng.integers(-8, 8, (m, n)).astype(np.float32)
        scale = rng.integers(-8, 8, n).astype(np.float32)
        y = to_numpy(kernel(*place(target, x, scale), 3.0))
        np.testing.assert_array_equal(y, x * scale + 3.0)
        print(f"elementwise_ragged: {m} x {n} equal to NumPy's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
