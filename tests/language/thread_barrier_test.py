"""Barriers that kernels ask for, and those that the compiler adds between threads and tiles."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import thread_sim
from tilescale import errors

I32 = "int32"
BARRIER = "ts::sync_block()"
N = 128


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def numbers():
    return np.arange(N, dtype=np.int32), np.zeros(N, np.int32)


def reverse(explicit):
    @T.prim_func
    def kernel(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((N,), I32)
            s[tx] = A[tx]
            if explicit:
                T.sync_threads()
            B[tx] = s[N - 1 - tx]

    return kernel


@pytest.mark.parametrize("explicit", [False, True])
def test_threads_that_read_what_others_wrote_get_one_barrier(explicit):
    a, b = numbers()
    source = thread_sim.run(reverse(explicit), [a, b])
    np.testing.assert_array_equal(b, a[::-1])
    assert source.count(BARRIER) == 1


def test_operators_and_threads_wait_for_each_other():
    @T.prim_func
    def kernel(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((N,), I32)
            T.copy(A, s)
            x = s[tx ^ 33]
            s[tx ^ 64] = x
            T.copy(s, B)

    a, b = numbers()
    source = thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b, (np.arange(N) ^ 64) ^ 33)
    parts = source.split(BARRIER)
    assert len(parts) == 4
    lowered = thread_sim.lower(kernel)
    for i in range(1, len(parts)):
        without = BARRIER.join(parts[:i]) + "(void)0" + BARRIER.join(parts[i:])
        assert thread_sim.launch(lowered, numbers(), source=without).events, f"barrier {i}"


def test_what_some_threads_wrote_is_waited_for():
    @T.prim_func
    def kernel(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((4,), I32)
            total = T.warp_reduce_sum(A[tx])
            if T.get_lane_idx() == 0:
                s[T.get_warp_idx()] = total
            for i in T.Parallel(N):
                B[i] = s[0] + s[1] + s[2] + s[3]

    a, b = numbers()
    source = thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b, np.full(N, a.sum()))
    assert source.count(BARRIER) == 1


def test_votes_of_the_block():
    @T.prim_func
    def kernel(A: T.Tensor((N,), I32), B: T.Tensor((3, N), I32)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            B[0, tx] = T.syncthreads_count(A[tx] % 5 == 0)
            B[1, tx] = T.syncthreads_and(A[tx] >= 1)
            B[2, tx] = T.syncthreads_or(A[tx] >= N - 1)

    a, b = np.arange(N, dtype=np.int32), np.zeros((3, N), np.int32)
    thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b[:, 0], [26, 0, 1])
    np.testing.assert_array_equal(b, np.repeat(b[:, :1], N, 1))


def test_a_vote_of_the_block_is_a_barrier():
    @T.prim_func
    def kernel(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((N,), I32)
            s[tx] = A[tx]
            count = T.syncthreads_count(A[tx] > 9)
            B[tx] = s[N - 1 - tx] + count

    a, b = numbers()
    thread_sim.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a[::-1] + N - 10)


def halves():
    @T.prim_func
    def kernel(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((N,), I32)
            if tx < 64:
                s[tx] = A[tx] + 1
                T.sync_threads(1, 64)
                B[tx] = s[63 - tx]
            else:
                s[tx] = A[tx] + 2
                T.sync_threads(barrier_id=2, arrive_count=64)
                B[tx] = s[191 - tx]

    return kernel


def test_halves_of_a_block_meet_at_their_own_barriers():
    a, b = numbers()
    source = thread_sim.run(halves(), [a, b])
    expected = np.concatenate([a[63::-1] + 1, a[:63:-1] + 2])
    np.testing.assert_array_equal(b, expected)
    assert BARRIER not in source


@pytest.mark.parametrize("barrier", [1, 2])
def test_a_dropped_named_barrier_is_reported(barrier):
    lowered = thread_sim.lower(halves())
    without = lowered.kernel_source.replace(f"ts::ptx::bar_sync({barrier}u, 64u);", "")
    assert without != lowered.kernel_source
    report = thread_sim.launch(lowered, numbers(), source=without)
    assert any(event.kind == "race" for event in report.events)


def producer():
    """The first warps fill a buffer and go on; the others wait for it."""

    @T.prim_func
    def kernel(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((64,), I32)
            if tx < 64:
                s[tx] = A[tx]
                T.named_barrier_arrive(3, N)
                B[tx] = -1
            else:
                T.sync_threads(3, N)
                B[tx] = s[127 - tx]

    return kernel


def test_arriving_does_not_wait():
    a, b = numbers()
    thread_sim.run(producer(), [a, b])
    np.testing.assert_array_equal(b, np.concatenate([np.full(64, -1), a[63::-1]]))


def test_a_dropped_arrival_is_reported():
    lowered = thread_sim.lower(producer())
    without = lowered.kernel_source.replace("ts::ptx::bar_arrive(3u, 128u);", "")
    assert without != lowered.kernel_source
    report = thread_sim.launch(lowered, numbers(), source=without)
    assert any(event.kind == "deadlock" for event in report.events)


def grid_sum():
    @T.prim_func
    def kernel(A: T.Tensor((4 * N,), I32), S: T.Tensor((4,), I32), B: T.Tensor((4,), I32)):
        with T.Kernel(4, threads=N) as bx:
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((4,), I32)
            total = T.warp_reduce_sum(A[bx * N + tx])
            if T.get_lane_idx() == 0:
                s[T.get_warp_idx()] = total
            T.sync_threads()
            if tx == 0:
                S[bx] = s[0] + s[1] + s[2] + s[3]
            T.sync_grid()
            if tx == 0:
                B[bx] = S[0] + S[1] + S[2] + S[3]

    return kernel


def test_all_blocks_meet():
    a = np.arange(4 * N, dtype=np.int32)
    s, b = np.zeros(4, np.int32), np.zeros(4, np.int32)
    lowered = thread_sim.lower(grid_sum())
    assert lowered.signature.get("cooperative")
    thread_sim.launch(lowered, [a, s, b], grid=4).check()
    np.testing.assert_array_equal(b, np.full(4, a.sum()))
    assert not thread_sim.lower(reverse(True)).signature.get("cooperative")


def test_a_dropped_meeting_of_blocks_is_reported():
    lowered = thread_sim.lower(grid_sum())
    without = lowered.kernel_source.replace("ts::sync_grid();", "ts::sync_block();")
    tensors = [np.arange(4 * N, dtype=np.int32), np.zeros(4, np.int32), np.zeros(4, np.int32)]
    assert thread_sim.launch(lowered, tensors, grid=4, source=without).events


@pytest.mark.parametrize(("barrier", "count"), [(16, 64), (1, 50), (-1, 64), (1, 2048)])
def test_barriers_that_do_not_exist(barrier, count):
    with pytest.raises(errors.OperatorArgumentError, match="sync_threads"):

        @T.prim_func
        def kernel(A: T.Tensor((64,), I32)):
            with T.Kernel(1, threads=64):
                T.sync_threads(barrier, count)
