"""The thread-level language on simulator and GPU, alone and mixed with tile operators."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import errors

RNG = np.random.default_rng(0)
THREADS = np.arange(64, dtype=np.int32)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def per_thread(function, threads=64, arch=None, dtype="int32"):
    """Each thread stores function(its number)."""

    @T.prim_func
    def kernel(A: T.Tensor((64,), dtype), B: T.Tensor((64,), dtype)):
        with T.Kernel(1, threads=threads):
            tx = T.get_thread_binding(0)
            B[tx] = function(tx, A[tx])

    return kernel, arch


def run(function, values=THREADS, **options):
    dtype = str(values.dtype)
    kernel, arch = per_thread(function, dtype=dtype, **options)
    out = np.zeros(64, dtype)
    machine.build(kernel, arch)(values.copy(), out)
    return out


LANES = THREADS % 32
WARPS = THREADS // 32
QUESTIONS = {
    "lane": (lambda tx, x: T.get_lane_idx(), LANES),
    "warp": (lambda tx, x: T.get_warp_idx(), WARPS),
    "warp_sync": (lambda tx, x: T.get_warp_idx_sync(), WARPS),
    "warp_group": (lambda tx, x: T.get_warp_group_idx(), 0 * THREADS),
    "shfl_sync": (lambda tx, x: T.shfl_sync(x, 5), WARPS * 32 + 5),
    "shfl_xor": (lambda tx, x: T.shfl_xor(x, 3), THREADS ^ 3),
    "shfl_up": (lambda tx, x: T.shfl_up(x, 1), np.where(LANES == 0, THREADS, THREADS - 1)),
    "shfl_down": (
        lambda tx, x: T.shfl_down(x, 2, width=8),
        np.where(THREADS % 8 > 5, THREADS, THREADS + 2),
    ),
    "any_sync": (lambda tx, x: T.cast(T.any_sync(x == 40), "int32"), WARPS),
    "all_sync": (lambda tx, x: T.cast(T.all_sync(x < 32), "int32"), 1 - WARPS),
    "ballot": (lambda tx, x: T.cast(T.ballot(x % 32 < 4), "int32"), 0 * THREADS + 15),
    "ballot_sync": (
        lambda tx, x: T.cast(T.ballot_sync(x == 33), "int32"),
        np.where(WARPS == 1, 2, 0),
    ),
    "match_any_sync": (
        lambda tx, x: T.popcount(T.match_any_sync(x // 4)),
        0 * THREADS + 4,
    ),
    "match_all_sync": (
        lambda tx, x: T.popcount(T.match_all_sync(x // 32)),
        0 * THREADS + 32,
    ),
    "activemask": (lambda tx, x: T.popcount(T.activemask()), 0 * THREADS + 32),
    "warp_reduce_sum": (lambda tx, x: T.warp_reduce_sum(x), WARPS * 1024 + 496),
    "warp_reduce_max": (lambda tx, x: T.warp_reduce_max(x), WARPS * 32 + 31),
    "warp_reduce_min": (lambda tx, x: T.warp_reduce_min(x), WARPS * 32),
    "warp_reduce_bitand": (lambda tx, x: T.warp_reduce_bitand(x | 1), WARPS * 32 + 1),
    "warp_reduce_bitor": (lambda tx, x: T.warp_reduce_bitor(x), WARPS * 32 + 31),
    "shuffle_elect": (
        lambda tx, x: T.cast(T.shuffle_elect(64), "int32"),
        (THREADS == 0).astype(np.int32),
    ),
    "syncthreads_count": (lambda tx, x: T.syncthreads_count(x < 50), 0 * THREADS + 50),
    "syncthreads_and": (lambda tx, x: T.cast(T.syncthreads_and(x < 50), "int32"), 0 * THREADS),
    "syncthreads_or": (lambda tx, x: T.cast(T.syncthreads_or(x == 50), "int32"), 0 * THREADS + 1),
}


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_values(name):
    function, expected = QUESTIONS[name]
    np.testing.assert_array_equal(run(function), expected)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8"])
def test_shuffles_of_other_types(dtype):
    out = run(lambda tx, x: T.shfl_xor(x, 1), THREADS.astype(dtype))
    np.testing.assert_array_equal(out, THREADS ^ 1)


def test_threads_of_several_dimensions():
    @T.prim_func
    def coordinates(B: T.Tensor((4, 2, 8), "int32")):
        with T.Kernel(1, threads=(8, 2, 4)):
            x, y, z = (T.get_thread_binding(i) for i in range(3))
            B[z, y, x] = z * 100 + y * 10 + x

    out = np.zeros((4, 2, 8), np.int32)
    machine.build(coordinates)(out)
    z, y, x = np.indices(out.shape)
    np.testing.assert_array_equal(out, z * 100 + y * 10 + x)


def reverse(synchronise):
    @T.prim_func
    def reverse(A: T.Tensor((64,), "int32"), B: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((64,), "int32")
            tx = T.get_thread_binding(0)
            mine = T.alloc_local((2,), "int32")
            mine[0] = A[tx]
            mine[1] = mine[0] + 1
            s[tx] = mine[1]
            if synchronise:
                T.sync_threads()
            if tx < 32:
                B[tx] = s[63 - tx]
            else:
                B[tx] = s[63 - tx] * 2

    return reverse


@pytest.mark.parametrize("synchronise", [True, False])
def test_local_arrays_and_branches_of_threads(synchronise):
    out = np.zeros(64, np.int32)
    machine.build(reverse(synchronise))(THREADS.copy(), out)
    wanted = THREADS[::-1] + 1
    np.testing.assert_array_equal(out, np.where(THREADS < 32, wanted, 2 * wanted))


def test_tile_operators_and_threads_in_one_kernel():
    @T.prim_func
    def mixed(A: T.Tensor((64,), "float32"), B: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((64,), "float32")
            tx = T.get_thread_binding(0)
            T.copy(A, s)
            total = T.warp_reduce_sum(s[tx])
            s[tx] = total + T.cast(tx, "float32")
            T.copy(s, B)

    values = RNG.integers(-4, 4, 64).astype(np.float32)
    out = np.zeros(64, np.float32)
    machine.build(mixed)(values, out)
    np.testing.assert_array_equal(out, values.reshape(2, 32).sum(1).repeat(32) + THREADS)


def test_named_barriers_join_two_warps():
    @T.prim_func
    def handover(B: T.Tensor((32,), "int32")):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((32,), "int32")
            tx = T.get_thread_binding(0)
            if tx < 32:
                s[tx] = tx * 3
                T.named_barrier_arrive(1, 64)
            else:
                T.sync_threads(barrier_id=1, arrive_count=64)
                B[tx - 32] = s[tx - 32]

    lowered = tilescale.lower(handover, target="cuda -arch=sm_80").kernel_source
    assert "bar_arrive(1u, 64u)" in lowered
    out = np.zeros(32, np.int32)
    machine.build(handover)(out)
    np.testing.assert_array_equal(out, np.arange(32) * 3)


def test_a_missing_named_barrier_is_refused():
    @T.prim_func
    def handover(B: T.Tensor((32,), "int32")):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((32,), "int32")
            tx = T.get_thread_binding(0)
            if tx < 32:
                s[tx] = tx * 3
            else:
                B[tx - 32] = s[tx - 32]

    with pytest.raises(errors.DivergentAccessError, match=r"`s` is written in line .* neither"):
        tilescale.lower(handover, target="cuda -arch=sm_80")


def test_grid_barrier():
    @T.prim_func
    def exchange(A: T.Tensor((4,), "int32"), B: T.Tensor((4,), "int32")):
        with T.Kernel(4, threads=32) as bx:
            A[bx] = bx * 7
            T.sync_grid()
            B[bx] = A[3 - bx]

    out = np.zeros(4, np.int32)
    machine.build(exchange)(np.zeros(4, np.int32), out)
    np.testing.assert_array_equal(out, np.arange(4)[::-1] * 7)
    assert tilescale.lower(exchange, target="cuda -arch=sm_80").signature["cooperative"]


def test_tile_operators_need_all_threads():
    @T.prim_func
    def divergent(A: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((64,), "int32")
            tx = T.get_thread_binding(0)
            if tx < 32:
                T.copy(A, s)

    with pytest.raises(errors.DivergentTileOpError, match=r"T\.copy"):
        tilescale.lower(divergent, target="cuda -arch=sm_80")


def test_foreign_functions():
    @T.prim_func
    def foreign(A: T.Tensor((64,), "float32"), B: T.Tensor((64,), "float32")):
        T.import_source("static TS_DEVICE float twice(float x) { return 2 * x; }")
        with T.Kernel(
            1, threads=64, prelude="static TS_DEVICE void put(float* p, float x) { *p = x; }"
        ):
            tx = T.get_thread_binding(0)
            T.call_extern(
                "int32", "put", T.address_of(B[tx]), T.call_pure_extern("float32", "twice", A[tx])
            )

    values = RNG.standard_normal(64).astype(np.float32)
    out = np.zeros(64, np.float32)
    machine.build(foreign)(values, out)
    np.testing.assert_array_equal(out, 2 * values)


@pytest.mark.parametrize(("draw", "dtype"), [("rng_rand", "uint32"), ("rng_rand_float", "float32")])
def test_random_numbers_are_those_of_the_cpu(draw, dtype):
    @T.prim_func
    def draws(B: T.Tensor((8, 4), dtype)):
        with T.Kernel(8, threads=1) as bx:
            T.rng_init(7, bx, 3)
            for k in T.serial(4):
                x = getattr(T, draw)()
                B[bx, k] = x

    cpu, cuda = np.zeros((8, 4), dtype), np.zeros((8, 4), dtype)
    tilescale.compile(draws, target="c")(cpu)
    machine.build(draws)(cuda)
    np.testing.assert_array_equal(cpu, cuda)
    assert np.unique(cuda).size == cuda.size
    assert dtype == "uint32" or 0 < cuda.min() <= cuda.max() <= 1


def test_wrong_arguments():
    with pytest.raises(errors.CallError, match="shfl_sync"):

        @T.prim_func
        def wrong(A: T.Tensor((64,), "int32")):
            with T.Kernel(1, threads=64):
                A[0] = T.shfl_sync(A[0])


def test_minimum_of_blocks():
    @T.prim_func
    def hinted(A: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            T.annotate_min_blocks_per_sm(2)
            T.clear(A)

    source = tilescale.lower(hinted, target="cuda -arch=sm_80").kernel_source
    assert "__launch_bounds__(64, 2)" in source


def test_warps_synchronise():
    @T.prim_func
    def pairs(A: T.Tensor((32,), "int32"), B: T.Tensor((32,), "int32")):
        with T.Kernel(1, threads=32):
            s = T.alloc_shared((32,), "int32")
            tx = T.get_thread_binding(0)
            if tx < 32:
                s[tx] = A[tx]
                T.sync_warp()
                B[tx] = s[31 - tx]

    source = tilescale.lower(pairs, target="cuda -arch=sm_80").kernel_source
    assert "ts::sync_warp()" in source
    out = np.zeros(32, np.int32)
    machine.build(pairs)(np.arange(32, dtype=np.int32), out)
    np.testing.assert_array_equal(out, np.arange(32)[::-1])
