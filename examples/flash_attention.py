"""Flash attention, forward pass: softmax(Q K^T / sqrt(d)) V without storing the score matrix.

A program owns block_M queries of one head and visits the keys in blocks of block_N. After each
block it rescales the accumulator and the row sums to the new row maximum (online softmax). Sequence
lengths need not be multiples of the blocks, and `causal` masks keys behind the query.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit(out_idx=[3])
def flash_attention(
    batch: int,
    heads: int,
    seq_len: int,
    dim: int,
    causal: bool = False,
    block_M: int = 64,
    block_N: int = 64,
    dtype: str = "float16",
):
    shape = (batch, seq_len, heads, dim)
    # exp(x) = 2 ** (x * log2(e)): one multiplication serves the softmax scale and the base.
    log2_scale = dim**-0.5 * 1.4426950408889634
    accum = "float32"

    @T.macro
    def mask(scores: T.FragmentBuffer, query: T.int32, key: T.int32):
        for i, j in T.Parallel(block_M, block_N):
            # A causal query never sees behind the last key; queries behind the end are not stored.
            visible = query + i >= key + j if causal else key + j < seq_len
            scores[i, j] = T.if_then_else(visible, 0, -T.infinity(accum))

    @T.macro
    def online_softmax(scores, weights, row_max, row_max_before, rescale, row_sum, tile_sum):
        T.copy(row_max, row_max_before)
        T.reduce_max(scores, row_max, dim=1, clear=False)
        for i in T.Parallel(block_M):
            rescale[i] = T.exp2((row_max_before[i] - row_max[i]) * log2_scale)
        for i, j in T.Parallel(block_M, block_N):
            scores[i, j] = T.exp2((scores[i, j] - row_max[i]) * log2_scale)
        T.reduce_sum(scores, tile_sum, dim=1)
        for i in T.Parallel(block_M):
            row_sum[i] = row_sum[i] * rescale[i] + tile_sum[i]
        T.copy(scores, weights)

    @T.prim_func
    def attention(
        Q: T.Tensor(shape, dtype),
        K: T.Tensor(shape, dtype),
        V: T.Tensor(shape, dtype),
        Out: T.Tensor(shape, dtype),
    ):
        with T.Kernel(T.ceildiv(seq_len, block_M), heads, batch, threads=128) as (bx, head, b):
            Q_shared = T.alloc_shared((block_M, dim), dtype)
            K_shared = T.alloc_shared((block_N, dim), dtype)
            V_shared = T.alloc_shared((block_N, dim), dtype)
            scores = T.alloc_fragment((block_M, block_N), accum)
            weights = T.alloc_fragment((block_M, block_N), dtype)
            acc = T.alloc_fragment((block_M, dim), accum)
            row_max = T.alloc_fragment((block_M,), accum)
            row_max_before = T.alloc_fragment((block_M,), accum)
            rescale = T.alloc_fragment((block_M,), accum)
            row_sum = T.alloc_fragment((block_M,), accum)
            tile_sum = T.alloc_fragment((block_M,), accum)

            T.copy(Q[b, bx * block_M : (bx + 1) * block_M, head, :], Q_shared)
            T.clear(acc)
            T.clear(row_sum)
            T.fill(row_max, -T.infinity(accum))

            last = (
                T.min(T.ceildiv(seq_len, block_N), T.ceildiv((bx + 1) * block_M, block_N))
                if causal
                else T.ceildiv(seq_len, block_N)
            )
            for k in T.Pipelined(last, num_stages=2):
                T.copy(K[b, k * block_N : (k + 1) * block_N, head, :], K_shared)
                mask(scores, bx * block_M, k * block_N)
                T.gemm(
                    Q_shared,
                    K_shared,
                    scores,
                    transpose_B=True,
                    policy=T.GemmWarpPolicy.FullRow,
                )
                online_softmax(scores, weights, row_max, row_max_before, rescale, row_sum, tile_sum)
                for i, j in T.Parallel(block_M, dim):
                    acc[i, j] *= rescale[i]
                T.copy(V[b, k * block_N : (k + 1) * block_N, head, :], V_shared)
                T.gemm(weights, V_shared, acc, policy=T.GemmWarpPolicy.FullRow)

            for i, j in T.Parallel(block_M, dim):
                acc[i, j] /= row_sum[i]
            T.copy(acc, Out[b, bx * block_M : (bx + 1) * block_M, head, :])

    return attention


def reference(q: np.ndarray, k: np.ndarray, v: np.ndarray, causal: bool) -> np.ndarray:
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    scores = np.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(q.shape[-1])
    if causal:
        scores[..., ~np.tri(q.shape[1], dtype=bool)] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.einsum("bhqk,bkhd->bqhd", weights, v)


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    batch, heads, seq_len, dim = 2, 3, 200, 64
    q, k, v = (
        rng.standard_normal((batch, seq_len, heads, dim)).astype(np.float16) for _ in range(3)
    )
    for causal in (False, True):
        kernel = flash_attention.with_options(target=target)(batch, heads, seq_len, dim, causal)
        out = to_numpy(kernel(*place(target, q, k, v)))
        np.testing.assert_allclose(
            out.astype(np.float32), reference(q, k, v, causal), rtol=1e-2, atol=1e-2
        )
        print(f"flash_attention: {out.shape}, causal={causal}, agrees with NumPy")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
