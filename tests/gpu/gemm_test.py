"""`T.gemm` in pipelined loops: shapes, types, transposes, policies."""

import numpy as np
import pytest

import tilescale.language as T
from tests.gpu.backend import check, draw

OUT = {"int8": "int32"}


def make(shape, tile, dtype, transposes=(False, True), threads=128, stages=2, policy=None):
    M, N, K = shape
    m, n, k = tile
    ta, tb = transposes
    out = OUT.get(dtype, "float32")
    a_shape, b_shape = ((K, M) if ta else (M, K)), ((N, K) if tb else (K, N))
    a_tile, b_tile = ((k, m) if ta else (m, k)), ((n, k) if tb else (k, n))

    @T.prim_func
    def gemm(A: T.Tensor(a_shape, dtype), B: T.Tensor(b_shape, dtype), C: T.Tensor((M, N), out)):
        with T.Kernel(T.ceildiv(N, n), T.ceildiv(M, m), threads=threads) as (bx, by):
            a = T.alloc_shared(a_tile, dtype)
            b = T.alloc_shared(b_tile, dtype)
            c = T.alloc_fragment((m, n), out)
            T.clear(c)
            for ko in T.Pipelined(T.ceildiv(K, k), num_stages=stages):
                if ta:
                    T.copy(A[ko * k, by * m], a)
                else:
                    T.copy(A[by * m, ko * k], a)
                if tb:
                    T.copy(B[bx * n, ko * k], b)
                else:
                    T.copy(B[ko * k, bx * n], b)
                T.gemm(
                    a,
                    b,
                    c,
                    transpose_A=ta,
                    transpose_B=tb,
                    policy=policy or T.GemmWarpPolicy.Square,
                )
            T.copy(c, C[by * m, bx * n])

    args = [draw(*a_shape, dtype=dtype), draw(*b_shape, dtype=dtype, seed=1)]
    return gemm, [*args, np.zeros((M, N), out)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int8"])
def test_types(dtype):
    check(*make((128, 96, 64), (64, 32, 32), dtype))


@pytest.mark.parametrize("transposes", [(False, False), (True, False), (True, True)])
def test_transposes(transposes):
    check(*make((64, 64, 64), (64, 64, 32), "float16", transposes))


@pytest.mark.parametrize("tile", [(48, 48, 32), (64, 40, 16), (16, 8, 16), (100, 36, 48)])
def test_tiles_that_no_instruction_divides(tile):
    check(*make((130, 90, 70), tile, "float16"))


@pytest.mark.parametrize("stages", [0, 1, 3, 5])
def test_stages(stages):
    check(*make((64, 64, 128), (64, 64, 32), "float16", stages=stages))


def test_fewer_iterations_than_stages():
    check(*make((64, 64, 32), (64, 64, 32), "float16", stages=4))


@pytest.mark.parametrize("policy", ["Square", "FullRow", "FullCol"])
@pytest.mark.parametrize("threads", [32, 128, 256])
def test_policies(policy, threads):
    chosen = getattr(T.GemmWarpPolicy, policy)
    check(*make((64, 64, 64), (64, 64, 32), "float16", threads=threads, policy=chosen))
