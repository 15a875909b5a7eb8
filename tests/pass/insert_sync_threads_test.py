"""Barriers of thread-level code: as many as are needed, of the smallest group of threads.

Each program runs under every policy of the simulator with race checks, and each barrier that it got
is removed in turn, which must be reported.
"""

import re

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import thread_sim
from tilescale.sim.mutate import mutate

I32 = "int32"
N = 128
BLOCK = "ts::sync_block();"
WARP = "ts::sync_warp();"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def kernel(body, threads=N, elements=2 * N):
    """`body(thread, in, out, shared)` for each thread."""
    code = T.macro(body)

    @T.prim_func
    def program(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32)):
        with T.Kernel(1, threads=threads):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((elements,), I32)
            code(tx, A, B, s)

    return program


def own(tx, A, B, s):
    s[tx] = A[tx]
    B[tx] = s[tx] + 1


def own_neighbours(tx, A, B, s):
    s[tx * 2] = A[tx]
    s[tx * 2 + 1] = 1
    B[tx] = s[tx * 2] + s[tx * 2 + 1]


def own_of_two_indices(tx, A, B, s):
    t = T.view(s, (32, 8))
    x, y = tx % 8, tx // 8
    t[y, x] = A[tx]
    B[tx] = t[y, x] + 1


def own_in_rounds(tx, A, B, s):
    for k in T.serial(2):
        s[tx + k * N] = A[tx]
    total = T.alloc_var(I32, init=1)
    for k in T.serial(2):
        total = total + s[tx + (1 - k) * N]
    B[tx] = total - A[tx]


def own_by_a_counter(tx, A, B, s):
    i = T.alloc_var(I32, init=0)
    while i < 2:
        s[tx + i * N] = A[tx] + i
        i = i + 1
    B[tx] = s[tx + N]


def other_half(tx, A, B, s):
    s[tx] = A[tx]
    s[tx + N] = 1
    B[tx] = s[tx] + s[tx + N]


def first_thread(tx, A, B, s):
    B[tx] = A[tx] + 1
    if tx == 0:
        s[0] = A[0]
    if tx == 0:
        B[0] = s[0] + 1


def own_accumulated(tx, A, B, s):
    s[tx] = 1
    for _ in T.serial(3):
        s[tx] = s[tx] + A[tx]
    B[tx] = s[tx] - 2 * A[tx]


def in_the_warp(tx, A, B, s):
    s[tx] = A[tx]
    B[tx ^ 3] = s[tx ^ 3] + 1


def after_a_barrier_of_the_warp(tx, A, B, s):
    s[tx] = A[tx]
    T.sync_warp()
    B[tx ^ 7] = s[tx ^ 7] + 1


def lanes_turned(tx, A, B, s):
    lane, warp = tx % 32, tx // 32
    s[tx] = A[tx]
    other = warp * 32 + (lane + 5) % 32
    B[other] = s[other] + 1


def rounds_in_the_warp(tx, A, B, s):
    s[tx] = A[tx] + 1
    for _ in T.serial(2):
        x = s[tx ^ 1]
        s[tx] = x
    B[tx] = s[tx]


def in_another_warp(tx, A, B, s):
    s[tx] = A[tx]
    B[tx ^ 32] = s[tx ^ 32] + 1


def a_barrier_of_the_warp_is_not_enough(tx, A, B, s):
    s[tx] = A[tx]
    T.sync_warp()
    B[N - 1 - tx] = s[N - 1 - tx] + 1


def a_barrier_of_half_a_warp(tx, A, B, s):
    s[tx] = A[tx]
    if tx % 32 < 16:
        T.sync_warp(0xFFFF)
    B[tx ^ 3] = s[tx ^ 3] + 1


def after_a_shuffle(tx, A, B, s):
    s[tx] = A[tx]
    one = T.shfl_sync(A[0] * 0 + 1, 0)
    B[tx ^ 3] = s[tx ^ 3] + one


def after_a_vote_of_the_block(tx, A, B, s):
    s[tx] = A[tx]
    one = T.syncthreads_count(A[tx] == 5)
    B[N - 1 - tx] = s[N - 1 - tx] + one


def after_the_grid(tx, A, B, s):
    s[tx] = A[tx]
    T.sync_grid()
    B[N - 1 - tx] = s[N - 1 - tx] + 1


def twice_after_one_barrier(tx, A, B, s):
    s[tx] = A[tx]
    s[tx + N] = 1
    B[tx] = s[N - 1 - (N - 1 - tx)] + s[2 * N - 1 - tx]


def written_again(tx, A, B, s):
    s[tx] = 7
    x = s[N - 1 - tx]
    s[tx] = A[tx] + x - 6
    B[N - 1 - tx] = s[N - 1 - tx]


def shifted_in_place(tx, A, B, s):
    s[tx] = A[(tx + 1) % N]
    s[tx] = s[(tx + N - 1) % N]
    B[tx] = s[tx] + 1


def swapped_in_the_warp(tx, A, B, s):
    s[tx] = A[tx ^ 1]
    s[tx] = s[tx ^ 1] + 1
    B[tx] = s[tx]


# name: the program, barriers of the block, barriers of warps that the compiler adds
PROGRAMS = {
    body.__name__: (body, block, warp)
    for body, block, warp in [
        (own, 0, 0),
        (own_neighbours, 0, 0),
        (own_of_two_indices, 0, 0),
        (own_in_rounds, 0, 0),
        (own_by_a_counter, 0, 0),
        (other_half, 0, 0),
        (first_thread, 0, 0),
        (own_accumulated, 0, 0),
        (in_the_warp, 0, 1),
        (after_a_barrier_of_the_warp, 0, 0),
        (lanes_turned, 0, 1),
        (rounds_in_the_warp, 0, 2),
        (in_another_warp, 1, 0),
        (a_barrier_of_the_warp_is_not_enough, 1, 0),
        (a_barrier_of_half_a_warp, 0, 1),
        (after_a_shuffle, 0, 1),
        (after_a_vote_of_the_block, 0, 0),
        (after_the_grid, 0, 0),
        (twice_after_one_barrier, 1, 0),
        (written_again, 3, 0),
        (shifted_in_place, 2, 0),
        (swapped_in_the_warp, 0, 2),
    ]
}


def numbers():
    return np.arange(N, dtype=np.int32), np.zeros(N, np.int32)


def copied_by_itself(tx, A, B, s):
    T.ptx_cp_async(s[tx], A[tx], 1)
    T.ptx_commit_group()
    T.ptx_wait_group(0)
    B[tx] = s[tx] + 1


def copied_for_others(tx, A, B, s):
    T.ptx_cp_async(s[tx], A[tx], 1)
    T.ptx_commit_group()
    T.ptx_wait_group(0)
    B[N - 1 - tx] = s[N - 1 - tx] + 1


def one_group_stays_in_flight(tx, A, B, s):
    T.ptx_cp_async(s[tx], A[tx], 1)
    T.ptx_commit_group()
    T.ptx_cp_async(s[tx + N], A[tx], 1)
    T.ptx_commit_group()
    T.ptx_wait_group(1)
    B[tx] = s[tx] + 1
    T.ptx_wait_group(0)
    B[tx] = s[tx + N] + 1


def no_wait(tx, A, B, s):
    T.ptx_cp_async(s[tx], A[tx], 1)
    T.ptx_commit_group()
    T.ptx_cp_async(s[tx + N], A[tx], 1)
    T.ptx_commit_group()
    B[tx] = s[tx] + 1
    B[tx] = s[tx + N] + 1


def no_group(tx, A, B, s):
    T.ptx_cp_async(s[tx], A[tx], 1)
    B[tx] = s[tx] + 1


def too_short_a_wait(tx, A, B, s):
    T.ptx_cp_async(s[tx], A[tx], 1)
    T.ptx_commit_group()
    T.ptx_cp_async(s[tx + N], A[tx], 1)
    T.ptx_commit_group()
    T.ptx_wait_group(1)
    B[tx] = s[tx + N] + 1


def ring_of_two(tx, A, B, s):
    T.ptx_cp_async(s[tx], A[tx], 1)
    T.ptx_commit_group()
    for k in T.serial(4):
        if k < 3:
            T.ptx_cp_async(s[(k + 1) % 2 * N + tx], A[tx], 1)
        T.ptx_commit_group()
        T.ptx_wait_group(1)
        B[N - 1 - tx] = s[k % 2 * N + N - 1 - tx] + 1


# name: the program, barriers of the block, the counts of all waits
COPIES = {
    body.__name__: (body, block, waits)
    for body, block, waits in [
        (copied_by_itself, 0, [0]),
        (copied_for_others, 1, [0]),
        (one_group_stays_in_flight, 0, [1, 0]),
        (no_wait, 0, [1, 0]),
        (no_group, 0, [0]),
        (too_short_a_wait, 0, [1, 0]),
        (ring_of_two, 2, [1]),
    ]
}


def waits_of(source):
    return [int(count) for count in re.findall(r"cp_async_wait<(\d+)>", source)]


@pytest.mark.parametrize("name", COPIES)
def test_copies_stay_in_flight_as_long_as_they_may(name):
    body, block, waits = COPIES[name]
    lowered = thread_sim.lower(kernel(body))
    source = lowered.kernel_source
    assert (source.count(BLOCK), source.count(WARP), waits_of(source)) == (block, 0, waits), source
    for copies in ("eager", "late", "random"):
        a, b = numbers()
        thread_sim.launch(lowered, [a, b], policy="random", async_policy=copies, seed=5).check()
        np.testing.assert_array_equal(b, a + 1)

    def run(text, **options):
        return thread_sim.launch(lowered, numbers(), source=text, **options)

    rows = mutate(source, run).rows
    if name == "too_short_a_wait":
        rows = [row for row in rows if "wait<0>" in row.what]
    assert rows
    assert all(row.verdict == "reported" for row in rows), (rows, source)


@pytest.mark.parametrize("name", PROGRAMS)
def test_barriers_are_enough_and_needed(name):
    body, block, warp = PROGRAMS[name]
    lowered = thread_sim.lower(kernel(body))
    source = lowered.kernel_source
    user = {BLOCK: 0, WARP: name.count("a_barrier_of_the_warp")}
    found = (source.count(BLOCK), source.count(WARP) - user[WARP])
    assert found == (block, warp), source
    for policy in ("round_robin", "random", "adversarial"):
        a, b = numbers()
        thread_sim.launch(lowered, [a, b], policy=policy, seed=3).check()
        np.testing.assert_array_equal(b, a + 1)

    def run(text, **options):
        return thread_sim.launch(lowered, numbers(), source=text, **options)

    removed = [
        row for row in mutate(source, run).rows if row.what.split(" ", 1)[1] in (BLOCK, WARP)
    ]
    added = removed[user[WARP] :]
    assert all(row.verdict == "reported" for row in added), added


def test_a_warp_that_is_not_whole_meets_with_the_block():
    source = thread_sim.lower(kernel(in_the_warp, threads=100)).kernel_source
    assert (source.count(BLOCK), source.count(WARP)) == (1, 0)
