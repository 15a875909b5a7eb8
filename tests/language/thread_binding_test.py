"""Thread numbers, and who carries out what stands between tile operators."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import thread_sim
from tilescale import errors

I32 = "int32"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def test_numbers_of_threads_lanes_warps_and_groups():
    @T.prim_func
    def kernel(A: T.Tensor((5, 256), I32)):
        with T.Kernel(1, threads=256):
            tid = T.get_thread_binding()
            A[0, tid] = tid
            A[1, tid] = T.get_lane_idx()
            A[2, tid] = T.get_warp_idx()
            A[3, tid] = T.get_warp_idx_sync() + T.get_thread_binding(1)
            A[4, tid] = T.get_warp_group_idx()

    a = np.zeros((5, 256), np.int32)
    thread_sim.run(kernel, [a])
    t = np.arange(256)
    np.testing.assert_array_equal(a, [t, t % 32, t // 32, t // 32, t // 128])


def test_threads_in_three_dimensions():
    @T.prim_func
    def kernel(A: T.Tensor((2, 3, 16, 4), I32)):
        with T.Kernel(1, threads=(16, 3, 2)):
            tx, ty, tz = T.get_thread_bindings()
            A[tz, ty, tx, 0] = tx
            A[tz, ty, tx, 1] = ty
            A[tz, ty, tx, 2] = tz
            A[tz, ty, tx, 3] = T.get_warp_idx() * T.get_thread_extent(1)

    a = np.zeros((2, 3, 16, 4), np.int32)
    thread_sim.run(kernel, [a])
    z, y, x = np.indices((2, 3, 16))
    np.testing.assert_array_equal(a[..., 0], x)
    np.testing.assert_array_equal(a[..., 1], y)
    np.testing.assert_array_equal(a[..., 2], z)
    np.testing.assert_array_equal(a[..., 3], (x + 16 * (y + 3 * z)) // 32 * 3)


def test_tile_operators_run_on_threads_of_all_dimensions():
    @T.prim_func
    def kernel(A: T.Tensor((64,), I32), B: T.Tensor((64,), I32)):
        with T.Kernel(1, threads=(4, 4, 2)):
            tile = T.alloc_shared((64,), I32)
            T.copy(A, tile)
            for i in T.Parallel(64):
                B[i] = tile[63 - i]

    a, b = np.arange(64, dtype=np.int32), np.zeros(64, np.int32)
    thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a[::-1])


def test_each_thread_has_local_memory():
    @T.prim_func
    def kernel(A: T.Tensor((64, 4), I32), B: T.Tensor((64,), I32)):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            mine = T.alloc_local((4,), I32)
            total = T.alloc_var(I32, init=0)
            for k in T.unroll(4):
                mine[k] = A[tx, k] * (k + 1)
            for k in range(4):
                total += mine[3 - k]
            B[tx] = total

    a = np.arange(256, dtype=np.int32).reshape(64, 4)
    b = np.zeros(64, np.int32)
    thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a @ np.array([1, 2, 3, 4]))


def test_a_branch_of_some_threads():
    @T.prim_func
    def kernel(A: T.Tensor((64,), I32)):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            if tx < 10:
                A[tx] = 1
            elif tx % 2 == 0:
                A[tx] = 2
            for _ in range(tx // 32):
                A[tx] += 10

    a = np.zeros(64, np.int32)
    thread_sim.run(kernel, [a])
    t = np.arange(64)
    np.testing.assert_array_equal(a, np.where(t < 10, 1, np.where(t % 2, 0, 2)) + t // 32 * 10)


def test_threads_that_leave_a_loop_miss_the_rest_of_it():
    @T.prim_func
    def kernel(A: T.Tensor((32,), I32), last: T.Tensor((1,), I32)):
        with T.Kernel(1, threads=32):
            tx = T.get_thread_binding(0)
            rounds = T.alloc_var(I32, init=0)
            for k in T.serial(100):
                if k == tx:
                    break
                rounds += 1
            A[tx] = rounds
            if tx == 31:
                last[0] = rounds

    a, last = np.zeros(32, np.int32), np.zeros(1, np.int32)
    thread_sim.run(kernel, [a, last])
    np.testing.assert_array_equal(a, np.arange(32))
    assert last[0] == 31


def test_a_value_that_all_threads_agree_on_is_stored_once():
    @T.prim_func
    def kernel(A: T.Tensor((64,), I32), B: T.Tensor((64,), I32)):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((1,), I32)
            s[0] = A[3] + 1
            B[tx] = s[0]

    a, b = np.arange(64, dtype=np.int32), np.zeros(64, np.int32)
    source = thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b, np.full(64, 4))
    assert "if (tx == 0)" in source


def tile_operator_in_a_branch(statement):
    @T.prim_func
    def kernel(A: T.Tensor((64,), I32)):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((64,), I32)
            statement(A, tile)

    return kernel


@T.macro
def copy_in_branch(A, tile):
    if T.get_thread_binding(0) < 32:
        T.copy(A, tile)


@T.macro
def parallel_in_branch(A, tile):
    if T.get_warp_idx() == 1:
        for i in T.Parallel(64):
            tile[i] = A[i]


@T.macro
def copy_in_uneven_loop(A, tile):
    for _ in range(T.get_lane_idx()):
        T.copy(A, tile)


@T.macro
def copy_after_uneven_exit(A, tile):
    for _ in range(4):
        if A[T.get_thread_binding(0)] > 3:
            break
        T.copy(A, tile)


@T.macro
def copy_under_a_private_condition(A, tile):
    mine = T.alloc_var(I32, init=0)
    mine = A[T.get_thread_binding(0)]
    while mine < 3:
        T.copy(A, tile)
        mine += 1


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (copy_in_branch, "T.copy"),
        (parallel_in_branch, "T.Parallel"),
        (copy_in_uneven_loop, "T.copy"),
        (copy_after_uneven_exit, "T.copy"),
        (copy_under_a_private_condition, "T.copy"),
    ],
)
def test_operators_of_the_block_where_some_threads_come(statement, what):
    with pytest.raises(errors.DivergentTileOpError, match=what) as caught:
        thread_sim.lower(tile_operator_in_a_branch(statement))
    assert caught.value.span.file == __file__


def test_operators_under_a_condition_that_all_threads_share():
    @T.prim_func
    def kernel(A: T.Tensor((64,), I32), B: T.Tensor((64,), I32)):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            again = T.alloc_var("bool", init=True)
            tile = T.alloc_shared((64,), I32)
            T.copy(A, tile)
            while again:
                for i in T.Parallel(64):
                    tile[i] = tile[i] // 2
                again = T.syncthreads_or(tile[63 - tx] > 5)
            T.copy(tile, B)

    a, b = np.arange(64, dtype=np.int32), np.zeros(64, np.int32)
    thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a // 16)


def test_a_dimension_that_no_block_has():
    with pytest.raises(errors.OperatorArgumentError, match="get_thread_binding"):

        @T.prim_func
        def kernel(A: T.Tensor((64,), I32)):
            with T.Kernel(1, threads=64):
                A[T.get_thread_binding(3)] = 1
