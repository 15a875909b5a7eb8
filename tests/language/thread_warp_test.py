"""Shuffles, votes and reductions of a warp: the simulator's lanes against NumPy."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import thread_sim
from tilescale import errors

I32, U32 = "int32", "uint32"
LANES = np.arange(64)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def test_shuffles():
    @T.prim_func
    def kernel(A: T.Tensor((64,), "float16"), B: T.Tensor((6, 64), "float16")):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            x = A[tx]
            B[0, tx] = T.shfl_xor(x, 5)
            B[1, tx] = T.shfl_up(x, 3)
            B[2, tx] = T.shfl_down(x, 3, width=8)
            B[3, tx] = T.shfl_sync(x, 7)
            B[4, tx] = T.shfl_sync(x, tx + 1, width=16)
            if tx % 32 < 16:
                B[5, tx] = T.shfl_xor(x, 1, mask=0xFFFF)

    a, b = LANES.astype(np.float16), np.zeros((6, 64), np.float16)
    thread_sim.run(kernel, [a, b])
    lane, warp, eight, half = LANES % 32, LANES // 32 * 32, LANES // 8 * 8, LANES // 16 * 16
    expected = [
        LANES ^ 5,
        np.where(lane < 3, LANES, LANES - 3),
        np.where(LANES % 8 > 4, LANES, eight + LANES % 8 + 3),
        warp + 7,
        half + (LANES + 1) % 16,
        np.where(lane < 16, LANES ^ 1, 0),
    ]
    np.testing.assert_array_equal(b, expected)


def test_votes_and_matches():
    @T.prim_func
    def kernel(A: T.Tensor((64,), I32), B: T.Tensor((8, 64), U32)):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            x = A[tx]
            B[0, tx] = T.any_sync(x == 40)
            B[1, tx] = T.all_sync(x < 40)
            B[2, tx] = T.ballot_sync(x % 3 == 0)
            B[3, tx] = T.ballot(x > 30)
            B[4, tx] = T.match_any_sync(x % 4)
            B[5, tx] = T.match_all_sync(x // 32)
            B[6, tx] = T.match_all_sync(T.cast(x // 16, "int64"))
            B[7, tx] = T.activemask()

    a, b = LANES.astype(np.int32), np.zeros((8, 64), np.uint32)
    thread_sim.run(kernel, [a, b])

    def bits(predicate):
        words = predicate.reshape(2, 32) @ (1 << np.arange(32, dtype=np.uint64))
        return np.repeat(words, 32)

    full = 0xFFFFFFFF
    expected = [
        LANES >= 32,
        LANES < 32,
        bits(LANES % 3 == 0),
        bits(LANES > 30),
        (0x11111111 << (LANES % 4)) & full,
        np.full(64, full),
        np.zeros(64),
        np.full(64, full),
    ]
    np.testing.assert_array_equal(b, expected)


REDUCTIONS = {
    "sum": (T.warp_reduce_sum, np.sum),
    "max": (T.warp_reduce_max, np.max),
    "min": (T.warp_reduce_min, np.min),
    "bitand": (T.warp_reduce_bitand, np.bitwise_and.reduce),
    "bitor": (T.warp_reduce_bitor, np.bitwise_or.reduce),
}


@pytest.mark.parametrize("arch", ["sm_75", "sm_80"])
@pytest.mark.parametrize("threads", [64, 50])
@pytest.mark.parametrize("dtype", ["int32", "uint32", "float32", "float16", "int64"])
def test_reductions(dtype, threads, arch):
    names = [name for name in REDUCTIONS if "int" in dtype or not name.startswith("bit")]

    @T.prim_func
    def kernel(A: T.Tensor((threads,), dtype), B: T.Tensor((len(names), threads), dtype)):
        with T.Kernel(1, threads=threads):
            tx = T.get_thread_binding(0)
            for i, name in enumerate(names):
                B[i, tx] = REDUCTIONS[name][0](A[tx])

    low = 0 if dtype == "uint32" else -99
    a = np.random.default_rng(1).integers(low, 99, threads).astype(dtype)
    b = np.zeros((len(names), threads), dtype)
    source = thread_sim.run(kernel, [a, b], arch=arch)
    for i, name in enumerate(names):
        for start in range(0, threads, 32):
            expected = REDUCTIONS[name][1](a[start : start + 32])
            np.testing.assert_array_equal(b[i, start : start + 32], expected)
    assert ("redux" in source) == (arch == "sm_80" and dtype in ("int32", "uint32"))


def test_one_thread_of_each_group_is_elected():
    @T.prim_func
    def kernel(A: T.Tensor((3, 256), I32)):
        with T.Kernel(1, threads=256):
            tx = T.get_thread_binding(0)
            A[0, tx] = T.shuffle_elect(32)
            A[1, tx] = T.shuffle_elect(128)
            A[2, tx] = T.shuffle_elect(0)

    t = np.arange(256)
    for arch in ("sm_80", "sm_90"):
        a = np.zeros((3, 256), np.int32)
        thread_sim.run(kernel, [a], arch=arch)
        np.testing.assert_array_equal(a, [t % 32 == 0, t % 128 == 0, t == 0])


def test_a_warp_exchanges_through_shared_memory():
    @T.prim_func
    def kernel(A: T.Tensor((64,), I32), B: T.Tensor((64,), I32)):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((64,), I32)
            if tx < 64:
                s[tx] = A[tx]
                T.sync_warp()
                B[tx] = s[tx ^ 1]

    lowered = thread_sim.lower(kernel)
    assert "ts::sync_block()" not in lowered.kernel_source
    a, b = LANES.astype(np.int32), np.zeros(64, np.int32)
    thread_sim.launch(lowered, [a, b]).check()
    np.testing.assert_array_equal(b, LANES ^ 1)
    without = lowered.kernel_source.replace("ts::sync_warp();", "")
    report = thread_sim.launch(lowered, [a, b], source=without)
    assert any(event.kind == "race" for event in report.events)


def test_lanes_that_a_warp_does_not_have():
    with pytest.raises(errors.OperatorArgumentError, match="shfl_xor"):

        @T.prim_func
        def kernel(A: T.Tensor((64,), I32)):
            with T.Kernel(1, threads=64):
                A[0] = T.shfl_xor(A[1], 1, width=5)


def test_bits_of_floats():
    with pytest.raises(errors.IntrinsicTypeError, match="warp_reduce_bitor"):

        @T.prim_func
        def kernel(A: T.Tensor((64,), "float32")):
            with T.Kernel(1, threads=64):
                A[0] = T.warp_reduce_bitor(A[1])
