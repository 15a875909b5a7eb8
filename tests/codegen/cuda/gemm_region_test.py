"""Products of parts of buffers: slices, versions, rows of an accumulator."""

from __future__ import annotations

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine
from tilescale.testing import evaluator


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def products(a_shape, b_shape, body):
    """An accumulator of 64 x 64 for `body` to fill from tiles that hold all of A and B."""

    @T.prim_func
    def kernel(
        A: T.Tensor(a_shape, "float16"),
        B: T.Tensor(b_shape, "float16"),
        C: T.Tensor((64, 64), "float32"),
    ):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared(a_shape, "float16")
            b = T.alloc_shared(b_shape, "float16")
            c = T.alloc_fragment((64, 64), "float32")
            T.copy(A, a)
            T.copy(B, b)
            T.clear(c)
            body(a, b, c)
            T.copy(c, C)

    return kernel


def slices(step):
    """K in slices of `step` columns, at places known at run time."""

    @T.macro
    def body(a, b, c):
        for k in T.serial(96 // step):
            T.gemm(a[:, k * step : (k + 1) * step], b[k * step : (k + 1) * step, :], c)

    return products((64, 96), (96, 64), body)


def versions():
    """Tiles with a leading dimension."""

    @T.macro
    def body(a, b, c):
        for k in T.serial(3):
            T.gemm(a[k, :, :], b[k, :, :], c)

    return products((3, 64, 32), (3, 32, 64), body)


def rows():
    """Each half of the accumulator has its own product."""

    @T.macro
    def body(a, b, c):
        T.gemm(a[0:32, :], b, c[0:32, :], clear_accum=True)
        T.gemm(a[32:64, :], b, c[32:64, :], clear_accum=True)

    return products((64, 32), (32, 64), body)


def two_accumulators():
    """One accumulator of two products whose warps would share it differently."""

    @T.macro
    def body(a, b, c):
        T.gemm(a, b, c, policy=T.GemmWarpPolicy.FullRow, clear_accum=True)
        T.gemm(a, b, c, policy=T.GemmWarpPolicy.FullCol)

    return products((64, 32), (32, 64), body)


def global_operands():
    """Operands straight from tensors, one of which the tile leaves."""

    @T.prim_func
    def kernel(
        A: T.Tensor((64, 32), "float16"),
        B: T.Tensor((32, 60), "float16"),
        C: T.Tensor((64, 64), "float32"),
    ):
        with T.Kernel(1, threads=128):
            c = T.alloc_fragment((64, 64), "float32")
            T.gemm(A, B[0:32, 0:64], c, clear_accum=True)
            T.copy(c, C)

    return kernel


CASES = {
    "slices of 32": lambda: slices(32),
    "slices of 24": lambda: slices(24),
    "slices of 4": lambda: slices(4),
    "versions": versions,
    "rows": rows,
    "two accumulators": two_accumulators,
    "global operands": global_operands,
}


@pytest.mark.parametrize("arch", ["sm_70", "sm_80"])
@pytest.mark.parametrize("name", CASES)
def test_parts(name, arch):
    func = CASES[name]()
    rng = np.random.default_rng(5)
    shapes = [[int(extent) for extent in param.shape] for param in func.params]
    tensors = [
        rng.standard_normal(shape).astype(dtype)
        for shape, dtype in zip(shapes, ("float16", "float16", "float32"), strict=True)
    ]
    expected = [tensor.copy() for tensor in tensors]
    evaluator.run(func, expected, check_programs=False)
    assert "ts::ptx::mma_" in machine.source(func, arch)
    machine.build(func, arch)(*tensors)
    np.testing.assert_allclose(tensors[2], expected[2], rtol=1e-3, atol=1e-2)
