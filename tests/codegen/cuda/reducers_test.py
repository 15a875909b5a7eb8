"""Reducers: partial results in registers; atomic updates only where they are scattered."""

import re

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine
from tilescale.testing import evaluator

RNG = np.random.default_rng(6)
KINDS = ("sum", "max", "min", "bitand", "bitor", "bitxor")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def run(func, *args):
    """Compares with the evaluator; returns the kernel's text."""
    expected = [a.copy() for a in args]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func)(*args)
    for actual, wanted in zip(args, expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
    return machine.source(func)


def in_registers(text):
    return not re.search(r"ptx::atomic_|atomic_update|atomic_byte", text)


def numbers(shape, dtype):
    return RNG.integers(-40 if np.dtype(dtype).kind != "u" else 0, 40, shape).astype(dtype)


def along(dim, rows, columns, threads, kind="sum", dtype="float32"):
    """One result for each row or column of a tile, over 3 rounds."""
    size = columns if dim == 0 else rows

    @T.prim_func
    def kernel(A: T.Tensor((3, rows, columns), dtype), S: T.Tensor((size,), dtype)):
        with T.Kernel(1, threads=threads):
            total = T.alloc_reducer((size,), dtype, kind)
            out = T.alloc_fragment((size,), dtype)
            T.reducer_init(total)
            for k in T.serial(3):
                for i, j in T.Parallel(rows, columns):
                    T.reducer_update(total[j if dim == 0 else i], A[k, i, j])
            T.finalize_reducer(total, out)
            T.copy(out, S)

    return kernel


@pytest.mark.parametrize("threads", [32, 64, 128])
@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (16, 128), (128, 16), (8, 8), (48, 32)])
@pytest.mark.parametrize("dim", [0, 1])
def test_tiles_that_divide_evenly(dim, rows, columns, threads):
    func = along(dim, rows, columns, threads)
    size = columns if dim == 0 else rows
    text = run(func, numbers((3, rows, columns), "float32"), np.zeros(size, np.float32))
    assert in_registers(text)


@pytest.mark.parametrize("threads", [32, 96, 100])
@pytest.mark.parametrize(("rows", "columns"), [(7, 48), (48, 7), (5, 100), (1, 3), (33, 65)])
@pytest.mark.parametrize("dim", [0, 1])
def test_tiles_of_any_shape(dim, rows, columns, threads):
    func = along(dim, rows, columns, threads)
    size = columns if dim == 0 else rows
    text = run(func, numbers((3, rows, columns), "float32"), np.zeros(size, np.float32))
    assert in_registers(text)


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "int8"])
@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind, dtype):
    func = along(1, 16, 64, 64, kind, dtype)
    assert in_registers(run(func, numbers((3, 16, 64), dtype), np.zeros(16, dtype)))


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_floating_types(dtype):
    for kind in ("sum", "max"):
        func = along(0, 64, 16, 64, kind, dtype)
        values = RNG.integers(-2, 3, (3, 64, 16)).astype(dtype)
        assert in_registers(run(func, values, np.zeros(16, dtype)))


def test_lanes_exchange_only_at_the_end_of_the_epoch():
    text = machine.source(along(1, 16, 128, 128))
    end_of_rounds = text.index("  }\n", text.index("k < 3"))
    assert "shfl_xor" not in text[:end_of_rounds]
    # A thread loads 4 or 8 of the 128 elements of a line at once, so that 32 or 16 lanes share it.
    assert text.count("shfl_xor") == (4 if machine.at_least("sm_100") else 5)
    assert "sync_block" not in text[:end_of_rounds]


def test_one_result_of_all():
    @T.prim_func
    def kernel(A: T.Tensor((64, 32), "int32"), S: T.Tensor((1,), "int32")):
        with T.Kernel(1, threads=128):
            total = T.alloc_reducer((1,), "int32", "sum")
            T.reducer_init(total)
            for i, j in T.Parallel(64, 32):
                T.reducer_update(total[0], A[i, j])
            T.finalize_reducer(total, S)

    assert in_registers(run(kernel, numbers((64, 32), "int32"), np.zeros(1, np.int32)))


def test_updates_under_conditions_and_of_several_loops():
    @T.prim_func
    def kernel(A: T.Tensor((64, 32), "int32"), S: T.Tensor((32,), "int32")):
        with T.Kernel(1, threads=64):
            total = T.alloc_reducer((32,), "int32", "max")
            T.reducer_init(total)
            for i, j in T.Parallel(64, 32):
                if A[i, j] % 3 == 0:
                    T.reducer_update(total[j], A[i, j])
            for j in T.Parallel(32):
                T.reducer_update(total[j], A[0, j] // 2)
            T.finalize_reducer(total, S)

    assert in_registers(run(kernel, numbers((64, 32), "int32"), np.zeros(32, np.int32)))


def test_epochs_one_behind_the_other_and_results_that_are_read_from_the_reducer():
    @T.prim_func
    def kernel(A: T.Tensor((4, 64, 32), "int32"), S: T.Tensor((4, 32), "int32")):
        with T.Kernel(1, threads=64):
            total = T.alloc_reducer((32,), "int32", "sum")
            for k in T.serial(4):
                T.reducer_init(total)
                for i, j in T.Parallel(64, 32):
                    T.reducer_update(total[j], A[k, i, j])
                T.finalize_reducer(total)
                for j in T.Parallel(32):
                    S[k, j] = total[j] + total[(j + 1) % 32]

    assert in_registers(run(kernel, numbers((4, 64, 32), "int32"), np.zeros((4, 32), np.int32)))


def test_scattered_updates_are_atomic():
    @T.prim_func
    def kernel(A: T.Tensor((256,), "int32"), S: T.Tensor((8,), "int32")):
        with T.Kernel(1, threads=64):
            total = T.alloc_reducer((8,), "int32", "sum")
            T.reducer_init(total)
            for i in T.Parallel(256):
                T.reducer_update(total[A[i] % 8], 1)
            T.finalize_reducer(total, S)

    text = run(kernel, RNG.integers(0, 100, 256).astype(np.int32), np.zeros(8, np.int32))
    assert not in_registers(text)


def test_the_accumulator_of_a_product():
    @T.prim_func
    def kernel(A: T.Tensor((64, 32), "float16"), S: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((64, 32), "float16")
            c = T.alloc_fragment((64, 64), "float32")
            total = T.alloc_reducer((64,), "float32", "sum")
            T.copy(A, a)
            T.gemm(a, a, c, transpose_B=True, clear_accum=True)
            T.reducer_init(total)
            for i, j in T.Parallel(64, 64):
                T.reducer_update(total[i], c[i, j])
            T.finalize_reducer(total, S)

    values = RNG.integers(-3, 4, (64, 32)).astype(np.float16)
    assert in_registers(run(kernel, values, np.zeros(64, np.float32)))


def test_rounding_is_the_same_in_every_run():
    values = RNG.standard_normal((3, 64, 64)).astype(np.float32)
    kernel, results = machine.build(along(0, 64, 64, 128)), []
    for _ in range(3):
        sums = np.zeros(64, np.float32)
        kernel(values, sums)
        results.append(sums)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_allclose(results[0], values.sum((0, 1)), rtol=1e-4, atol=1e-4)
