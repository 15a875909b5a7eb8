"""Reductions and scans over rows and columns of any extent."""

import numpy as np
import pytest

import tilescale.language as T
from tests.gpu.backend import check, draw


@pytest.mark.parametrize("operation", ["sum", "max", "min", "abssum", "absmax"])
@pytest.mark.parametrize("extent", [7, 48, 100])
def test_rows(operation, extent):
    reduce = getattr(T, f"reduce_{operation}")

    @T.prim_func
    def rows(A: T.Tensor((24, extent), "float32"), B: T.Tensor((24,), "float32")):
        with T.Kernel(1, threads=96):
            a = T.alloc_fragment((24, extent), "float32")
            b = T.alloc_fragment((24,), "float32")
            T.copy(A, a)
            reduce(a, b, dim=1)
            T.copy(b, B)

    check(rows, [draw(24, extent), np.zeros(24, np.float32)])


@pytest.mark.parametrize("scope", ["shared", "fragment"])
def test_columns(scope):
    alloc = T.alloc_shared if scope == "shared" else T.alloc_fragment

    @T.prim_func
    def columns(A: T.Tensor((64, 32), "int32"), B: T.Tensor((32,), "int32")):
        with T.Kernel(1, threads=128):
            a = alloc((64, 32), "int32")
            b = T.alloc_fragment((32,), "int32")
            T.copy(A, a)
            T.reduce_sum(a, b, dim=0)
            T.copy(b, B)

    check(columns, [draw(64, 32, dtype="int32"), np.zeros(32, np.int32)])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dim", [0, 1])
def test_cumulative_sums(dim, reverse):
    @T.prim_func
    def scan(A: T.Tensor((20, 50), "int32"), B: T.Tensor((20, 50), "int32")):
        with T.Kernel(1, threads=64):
            a = T.alloc_shared((20, 50), "int32")
            T.copy(A, a)
            T.cumsum(a, dim=dim, reverse=reverse)
            T.copy(a, B)

    check(scan, [draw(20, 50, dtype="int32"), np.zeros((20, 50), np.int32)])


def test_softmax_keeps_its_rows_in_registers():
    @T.prim_func
    def softmax(X: T.Tensor((10, 100), "float16"), Y: T.Tensor((10, 100), "float16")):
        with T.Kernel(10, threads=32) as bx:
            x = T.alloc_fragment((1, 100), "float32")
            largest = T.alloc_fragment((1,), "float32")
            total = T.alloc_fragment((1,), "float32")
            T.copy(X[bx, 0], x)
            T.reduce_max(x, largest, dim=1)
            for i, j in T.Parallel(1, 100):
                x[i, j] = T.exp(x[i, j] - largest[i])
            T.reduce_sum(x, total, dim=1)
            for i, j in T.Parallel(1, 100):
                x[i, j] = x[i, j] / total[i]
            T.copy(x, Y[bx, 0])

    x = np.random.default_rng(0).standard_normal((10, 100)).astype(np.float16)
    check(softmax, [x, np.zeros((10, 100), np.float16)], rtol=2e-3)
