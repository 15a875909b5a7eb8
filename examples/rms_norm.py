"""RMSNorm over the last dimension, with any number of rows (`T.dynamic`) and bfloat16 weights."""

import argparse

import ml_dtypes
import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit(out_idx=[-1])
def rms_norm(hidden: int, block_M: int = 8, eps: float = 1e-6):
    M = T.dynamic("M")

    @T.prim_func
    def main(
        X: T.Tensor((M, hidden), "float32"),
        weight: T.Tensor((hidden,), "bfloat16"),
        Y: T.Tensor((M, hidden), "float32"),
    ):
        with T.Kernel(T.ceildiv(M, block_M), threads=128) as bx:
            x = T.alloc_fragment((block_M, hidden), "float32")
            squares = T.alloc_fragment((block_M, hidden), "float32")
            scale = T.alloc_fragment((block_M,), "float32")

            T.copy(X[bx * block_M : (bx + 1) * block_M, :], x)
            for i, j in T.Parallel(block_M, hidden):
                squares[i, j] = x[i, j] * x[i, j]
            T.reduce_sum(squares, scale, dim=1)
            for i in T.Parallel(block_M):
                scale[i] = T.rsqrt(scale[i] / hidden + eps)
            for i, j in T.Parallel(block_M, hidden):
                x[i, j] *= scale[i] * T.cast(weight[j], "float32")
            T.copy(x, Y[bx * block_M : (bx + 1) * block_M, :])

    return main


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    hidden = 768
    weight = rng.standard_normal(hidden).astype(ml_dtypes.bfloat16)
    kernel = rms_norm.with_options(target=target)(hidden)
    for rows in (1, 30, 256):
        x = rng.standard_normal((rows, hidden), dtype=np.float32)
        y = to_numpy(kernel(*place(target, x, weight)))
        root = np.sqrt(np.mean(x.astype(np.float64) ** 2, axis=1, keepdims=True) + 1e-6)
        np.testing.assert_allclose(y, x / root * weight.astype(np.float64), rtol=1e-4, atol=1e-6)
        print(f"rms_norm: {rows} rows of {hidden} agree with NumPy")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
