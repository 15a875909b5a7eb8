"""`T.Parallel`, `T.copy`, `T.fill`, `T.transpose` between all scopes, ragged and whole."""

import numpy as np
import pytest

import tilescale.language as T
from tests.gpu.backend import check, draw


@pytest.mark.parametrize("n", [1, 127, 128, 1000])
def test_dynamic_extent(n):
    N = T.dynamic("N")

    @T.prim_func
    def scale(A: T.Tensor((N,), "float32"), B: T.Tensor((N,), "float32"), factor: T.float32):
        with T.Kernel(T.ceildiv(N, 256), threads=64) as bx:
            for i in T.Parallel(256):
                B[bx * 256 + i] = A[bx * 256 + i] * factor

    check(scale, [draw(n), np.zeros(n, np.float32), 2.5])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "int32", "float64"])
@pytest.mark.parametrize("shape", [(64, 64), (48, 40), (7, 33)])
def test_copies_through_shared_memory_and_registers(dtype, shape):
    M, N = shape

    @T.prim_func
    def through(A: T.Tensor((100, 80), dtype), B: T.Tensor((100, 80), dtype)):
        with T.Kernel(T.ceildiv(80, N), T.ceildiv(100, M), threads=96) as (bx, by):
            shared = T.alloc_shared((M, N), dtype)
            registers = T.alloc_fragment((M, N), dtype)
            T.copy(A[by * M, bx * N], shared)
            T.copy(shared, registers)
            for i, j in T.Parallel(M, N):
                registers[i, j] = registers[i, j] + registers[i, j]
            T.copy(registers, B[by * M, bx * N])

    check(through, [draw(100, 80, dtype=dtype), np.zeros_like(draw(100, 80, dtype=dtype))])


@pytest.mark.parametrize("threads", [32, 80, 128])
def test_transpose(threads):
    @T.prim_func
    def transpose(A: T.Tensor((48, 20), "float32"), B: T.Tensor((20, 48), "float32")):
        with T.Kernel(1, threads=threads):
            a = T.alloc_shared((48, 20), "float32")
            b = T.alloc_shared((20, 48), "float32")
            T.copy(A, a)
            T.transpose(a, b)
            T.copy(b, B)

    check(transpose, [draw(48, 20), np.zeros((20, 48), np.float32)])


def test_functions_of_one_element():
    @T.prim_func
    def functions(A: T.Tensor((256,), "float32"), B: T.Tensor((256,), "float32")):
        with T.Kernel(1, threads=64):
            for i in T.Parallel(256):
                B[i] = T.exp(A[i]) + T.sqrt(T.abs(A[i])) + T.max(A[i], 0.5) / (A[i] * A[i] + 1.0)

    rng = np.random.default_rng(0)
    a = rng.standard_normal(256).astype(np.float32)
    check(functions, [a, np.zeros(256, np.float32)], rtol=1e-5)
