"""Convolution (NHWC, weights HWIO) as a GEMM whose left operand is gathered (im2col).

Row m of the implicit matrix is one output pixel, column k one tap of the filter: the kernel gathers
a tile of it into shared memory. Taps in the padding lie outside the tensor, and a read outside a
tensor gives 0, so the gather needs no condition of its own.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit(out_idx=[2])
def conv2d(
    N: int,
    H: int,
    W: int,
    C: int,
    F: int,
    taps: int = 3,
    stride: int = 1,
    padding: int = 1,
    block_M: int = 64,
    block_N: int = 32,
    block_K: int = 32,
    dtype: str = "float32",
):
    OH = (H + 2 * padding - taps) // stride + 1
    OW = (W + 2 * padding - taps) // stride + 1
    K = taps * taps * C

    @T.prim_func
    def conv(
        data: T.Tensor((N, H, W, C), dtype),
        kernel: T.Tensor((taps, taps, C, F), dtype),
        out: T.Tensor((N, OH, OW, F), dtype),
    ):
        with T.Kernel(T.ceildiv(F, block_N), T.ceildiv(N * OH * OW, block_M), threads=128) as (
            bx,
            by,
        ):
            data_shared = T.alloc_shared((block_M, block_K), dtype)
            kernel_shared = T.alloc_shared((block_K, block_N), dtype)
            acc = T.alloc_fragment((block_M, block_N), "float32")
            kernel_flat = T.reshape(kernel, (K, F))
            out_flat = T.reshape(out, (N * OH * OW, F))

            T.clear(acc)
            for k_step in T.Pipelined(T.ceildiv(K, block_K), num_stages=2):
                for i, j in T.Parallel(block_M, block_K):
                    m = by * block_M + i
                    k = k_step * block_K + j
                    h = (m // OW) % OH * stride + k // (taps * C) - padding
                    w = m % OW * stride + k // C % taps - padding
                    data_shared[i, j] = data[m // (OH * OW), h, w, k % C]
                T.copy(kernel_flat[k_step * block_K, bx * block_N], kernel_shared)
                T.gemm(data_shared, kernel_shared, acc)
            T.copy(acc, out_flat[by * block_M, bx * block_N])

    return conv


def reference(data: np.ndarray, kernel: np.ndarray, stride: int, padding: int) -> np.ndarray:
    pad = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    taps = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(data, pad), (taps, taps), axis=(1, 2))
    return np.einsum("nhwcxy,xycf->nhwf", windows[:, ::stride, ::stride], kernel)


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(-3, 4, (2, 17, 13, 5)).astype(np.float32)
    kernel = rng.integers(-3, 4, (3, 3, 5, 24)).astype(np.float32)
    placed = place(target, data, kernel)
    for stride, padding in [(1, 1), (2, 0)]:
        compiled = conv2d.with_options(target=target)(
            2, 17, 13, 5, 24, stride=stride, padding=padding
        )
        out = to_numpy(compiled(*placed))
        np.testing.assert_array_equal(out, reference(data, kernel, stride, padding))
        print(f"conv_im2col: output {out.shape}, stride {stride}, equal to NumPy's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
