"""Tile operators on arrays of single threads: each thread clears, fills and copies its own."""

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine

RNG = np.random.default_rng(0)
THREADS = 64


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("arch", ["sm_75", "sm_80"])
@pytest.mark.parametrize("width", [1, 3, 8])
def test_each_thread_copies_its_elements(width, arch):
    size = THREADS * width

    @T.prim_func
    def kernel(A: T.Tensor((size,), "float16"), B: T.Tensor((size,), "float32")):
        with T.Kernel(1, threads=THREADS):
            tx = T.get_thread_binding()
            mine = T.alloc_local((width,), "float32")
            T.copy(A[tx * width : (tx + 1) * width], mine)
            for i in T.serial(width):
                mine[i] = mine[i] * 2 + tx
            T.copy(mine, B[tx * width : (tx + 1) * width])

    a = RNG.integers(-9, 9, size).astype(np.float16)
    b = np.zeros(size, np.float32)
    machine.build(kernel, arch)(a, b)
    np.testing.assert_array_equal(b, a.astype(np.float32) * 2 + np.arange(size) // width)


def test_a_local_accumulator_is_cleared_in_a_loop():
    rows, columns = 5, THREADS * 3

    @T.prim_func
    def kernel(A: T.Tensor((rows, columns), "float32"), B: T.Tensor((rows, THREADS), "float32")):
        with T.Kernel(1, threads=THREADS):
            tx = T.get_thread_binding()
            total = T.alloc_local((1,), "float32")
            for row in T.serial(rows):
                T.clear(total)
                for k in T.serial(3):
                    total[0] += A[row, k * THREADS + tx]
                B[row, tx] = total[0]

    a = RNG.integers(-9, 9, (rows, columns)).astype(np.float32)
    b = np.zeros((rows, THREADS), np.float32)
    machine.build(kernel)(a, b)
    np.testing.assert_array_equal(b, a.reshape(rows, 3, THREADS).sum(1))


def test_operators_of_threads_may_stand_under_their_conditions():
    @T.prim_func
    def kernel(A: T.Tensor((THREADS, 4), "int32"), B: T.Tensor((THREADS, 4), "int32")):
        with T.Kernel(1, threads=THREADS):
            tx = T.get_thread_binding()
            mine = T.alloc_local((4,), "int32")
            T.fill(mine, tx)
            if tx % 3 == 0:
                T.copy(A[tx, :], mine)
            T.copy(mine, B[tx, :])

    a = RNG.integers(0, 1000, (THREADS, 4)).astype(np.int32)
    b = np.zeros_like(a)
    machine.build(kernel)(a, b)
    threads = np.arange(THREADS)[:, None]
    np.testing.assert_array_equal(b, np.where(threads % 3 == 0, a, threads))


def test_a_tile_passes_through_the_registers_of_one_thread():
    @T.prim_func
    def kernel(A: T.Tensor((3, 5), "float32"), B: T.Tensor((5, 3), "float32")):
        with T.Kernel(1, threads=32):
            tx = T.get_thread_binding()
            tile = T.alloc_local((3, 5), "float32")
            turned = T.alloc_local((5, 3), "float32")
            if tx == 7:
                T.copy(A, tile)
                T.transpose(tile, turned)
                T.copy(turned, B)

    a = RNG.standard_normal((3, 5)).astype(np.float32)
    b = np.zeros((5, 3), np.float32)
    machine.build(kernel)(a, b)
    np.testing.assert_array_equal(b, a.T)


def test_elements_behind_the_end_are_not_touched():
    size = THREADS * 4 - 6

    @T.prim_func
    def kernel(A: T.Tensor((size,), "int32"), B: T.Tensor((size,), "int32")):
        with T.Kernel(1, threads=THREADS):
            tx = T.get_thread_binding()
            mine = T.alloc_local((4,), "int32")
            T.copy(A[tx * 4 : tx * 4 + 4], mine)
            T.copy(mine, B[tx * 4 : tx * 4 + 4])

    a = RNG.integers(0, 1000, size).astype(np.int32)
    b = np.zeros_like(a)
    machine.build(kernel)(a, b)
    np.testing.assert_array_equal(b, a)
