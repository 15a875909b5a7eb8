"""Conflicts inside code that only some threads execute: barriers of those that come, or an error.

Each program runs under every policy of the simulator, and each barrier that it got is removed in
turn, which must be reported.
"""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import thread_sim
from tilescale import errors
from tilescale.sim.mutate import mutate

I32 = "int32"
N = 128
BLOCK = "ts::sync_block();"
WARP = "ts::sync_warp("
NAMED = "ts::ptx::bar_sync("


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def kernel(body, threads=N):
    """`body(thread, in, out, shared, n)` for each thread."""
    code = T.macro(body)

    @T.prim_func
    def program(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32), n: T.int32):
        with T.Kernel(1, threads=threads):
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((2 * N,), I32)
            code(tx, A, B, s, n)

    return program


def in_one_warp(tx, A, B, s, n):
    if tx < 32:
        s[tx] = A[tx]
        B[tx] = s[31 - tx]


def in_each_of_two_warps(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
        B[tx] = s[tx ^ 5]


def across_two_warps(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
        B[tx] = s[63 - tx]


def across_the_last_warps(tx, A, B, s, n):
    if tx >= 32:
        s[tx] = A[tx]
        B[tx] = s[159 - tx]


def two_sets_of_warps(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
        B[tx] = s[63 - tx]
    else:
        s[tx] = A[tx]
        B[tx] = s[191 - tx]


def in_half_a_warp(tx, A, B, s, n):
    if tx < 16:
        s[tx] = A[tx]
        B[tx] = s[15 - tx]


def in_half_of_each_warp(tx, A, B, s, n):
    if tx % 32 < 16:
        s[tx] = A[tx]
        B[tx] = s[tx ^ 3]


def in_one_warp_and_a_half(tx, A, B, s, n):
    if tx < 48:
        s[tx] = A[tx]
        B[tx] = s[tx ^ 3]


def in_a_loop(tx, A, B, s, n):
    if tx < 32:
        s[tx] = A[tx]
        for _ in T.serial(3):
            x = s[31 - tx]
            s[tx] = x + 1
        B[tx] = s[tx]


def in_place(tx, A, B, s, n):
    if tx < 32:
        s[tx] = A[tx]
        s[tx] = s[(tx + 1) % 32] + 1
        B[tx] = s[tx]


def a_branch_in_a_branch(tx, A, B, s, n):
    if tx < 32:
        s[tx] = A[tx]
        if tx < 16:
            B[tx] = s[31 - tx]


def a_condition_of_all_inside(tx, A, B, s, n):
    if tx < 32:
        s[tx] = A[tx]
        if n > 3:
            B[tx] = s[31 - tx]


def own(tx, A, B, s, n):
    if tx < 48:
        s[tx] = A[tx]
        B[tx] = s[tx]


def one_thread(tx, A, B, s, n):
    if tx == 0:
        s[n] = A[3]
        B[0] = s[5]


def one_thread_by_data(tx, A, B, s, n):
    if tx == n:
        s[0] = A[3]
        B[0] = s[0]


def synced_by_lanes(tx, A, B, s, n):
    if tx < 16:
        s[tx] = A[tx]
        T.sync_warp(0xFFFF)
        B[tx] = s[tx ^ 3]


def synced_by_warps(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
        T.sync_threads(1, 64)
        B[tx] = s[63 - tx]


def elements_unknown(tx, A, B, s, n):
    if tx < 64:
        s[A[tx] % 64] = tx
        B[tx] = s[A[N - 1 - tx] % 64]


def whole_warps_by_a_vote(tx, A, B, s, n):
    if T.any_sync(A[tx] == 5):
        s[tx] = A[tx]
        B[tx] = s[tx ^ 3]


# name: the program; barriers of the block, of warps and of sets of warps that the compiler adds
PROGRAMS = {
    body.__name__: (body, counts)
    for body, *counts in [
        (in_one_warp, 0, 1, 0),
        (in_each_of_two_warps, 0, 1, 0),
        (across_two_warps, 0, 0, 1),
        (across_the_last_warps, 0, 0, 1),
        (two_sets_of_warps, 0, 0, 2),
        (in_half_a_warp, 0, 1, 0),
        (in_half_of_each_warp, 0, 1, 0),
        (in_one_warp_and_a_half, 0, 1, 0),
        (in_a_loop, 0, 2, 0),
        (in_place, 0, 2, 0),
        (a_branch_in_a_branch, 0, 1, 0),
        (a_condition_of_all_inside, 0, 1, 0),
        (own, 0, 0, 0),
        (one_thread, 0, 0, 0),
        (one_thread_by_data, 0, 0, 0),
        (synced_by_lanes, 0, 0, 0),
        (synced_by_warps, 0, 0, 0),
        (elements_unknown, 0, 0, 1),
        (whole_warps_by_a_vote, 0, 1, 0),
    ]
}


def arguments():
    return np.arange(N, dtype=np.int32), np.zeros(N, np.int32), np.int32(5)


@pytest.mark.parametrize("name", PROGRAMS)
def test_barriers_of_those_that_come(name):
    body, counts = PROGRAMS[name]
    lowered = thread_sim.lower(kernel(body))
    source = lowered.kernel_source
    user = [0, int(name == "synced_by_lanes"), int(name == "synced_by_warps")]
    found = [
        source.count(text) - used for text, used in zip((BLOCK, WARP, NAMED), user, strict=True)
    ]
    assert found == counts, source
    assert lowered.signature["notes"] == []
    results = set()
    for policy in ("round_robin", "random", "adversarial"):
        given = arguments()
        report = thread_sim.launch(lowered, given, policy=policy, seed=3)
        if name != "elements_unknown":  # several threads may write one
            report.check()
            results.add(given[1].tobytes())
    assert len(results) <= 1

    def run(text, **options):
        return thread_sim.launch(lowered, arguments(), source=text, **options)

    rows = mutate(source, run).rows
    if name != "elements_unknown":
        assert len(rows) == sum(counts) + sum(user)
        assert all(row.verdict == "reported" for row in rows), rows


def across_split_warps(tx, A, B, s, n):
    if tx < 48:
        s[tx] = A[tx]
        B[tx] = s[47 - tx]


def where_data_decides(tx, A, B, s, n):
    if A[tx] > 3:
        s[tx] = A[tx]
        B[tx] = s[tx ^ 1]


def in_an_uneven_loop(tx, A, B, s, n):
    for _ in T.serial(tx % 3):
        s[tx] = A[tx]
        B[tx] = s[tx ^ 1]


@pytest.mark.parametrize("body", [across_split_warps, where_data_decides, in_an_uneven_loop])
def test_where_no_barrier_can_stand(body):
    with pytest.raises(errors.DivergentAccessError, match="`s` is written in line") as caught:
        thread_sim.lower(kernel(body))
    error, first = caught.value, body.__code__.co_firstlineno
    assert error.span.file == __file__
    assert error.span.line == first + 3
    assert f"written in line {first + 2} and read in line {first + 3}" in str(error)
    assert f"in line {first + 1}" in error.got
    assert "T.sync" in error.remedy


def leaders_by_data(tx, A, B, s, n):
    if A[tx] == 7:
        s[0] = A[tx]
        B[tx] = s[0]


def unknown_elements_of_split_warps(tx, A, B, s, n):
    if tx < n:
        s[A[tx]] = A[tx]
        B[tx] = s[A[tx]]


@pytest.mark.parametrize("body", [leaders_by_data, unknown_elements_of_split_warps])
def test_what_may_be_right_is_noted(body):
    lowered = thread_sim.lower(kernel(body))
    assert not any(text in lowered.kernel_source for text in (BLOCK, WARP, NAMED))
    (note,) = lowered.signature["notes"]
    line = body.__code__.co_firstlineno + 3
    assert "`s`" in note
    assert f"read in line {line}" in note
    thread_sim.launch(lowered, arguments()).check()


def one_side_writes(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
    else:
        B[tx] = s[127 - tx]


def one_side_reads(tx, A, B, s, n):
    if tx % 2 == 0:
        B[tx] = s[tx + 1]
    else:
        s[tx] = A[tx]


def both_sides_write(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
    else:
        s[tx - 64] = 1


def first_and_third_arm(tx, A, B, s, n):
    if tx < 32:
        s[tx] = A[tx]
    elif tx >= 64:
        B[tx] = s[tx - 64]


def in_loops_of_the_sides(tx, A, B, s, n):
    if tx < 64:
        for k in T.serial(3):
            s[tx] = k
    else:
        for _ in T.serial(3):
            B[tx] = s[tx - 64]


def through_global_memory(tx, A, B, s, n):
    if tx < 64:
        B[tx] = 1
    else:
        s[tx] = B[127 - tx]


SIDES = [
    one_side_writes,
    one_side_reads,
    both_sides_write,
    first_and_third_arm,
    in_loops_of_the_sides,
    through_global_memory,
]


@pytest.mark.parametrize("body", SIDES)
def test_the_sides_of_a_branch_have_no_order(body):
    """Threads take both at the same time, so that no barrier can stand between them."""
    with pytest.raises(errors.DivergentAccessError, match="neither comes first") as caught:
        thread_sim.lower(kernel(body))
    error, first = caught.value, body.__code__.co_firstlineno
    assert error.span.file == __file__
    assert error.span.line > first + 2
    assert "each side of the branch in line " in error.got
    assert "two branches" in error.remedy


def apart(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
    else:
        s[tx] = 2
    B[tx] = s[127 - tx]


def by_two_branches(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
    if tx >= 64:
        B[tx] = s[127 - tx]


def handed_over(tx, A, B, s, n):
    if tx < 64:
        s[tx] = A[tx]
        T.named_barrier_arrive(1, N)
    else:
        T.sync_threads(1, N)
        B[tx] = s[127 - tx]


def counted(tx, A, B, s, n):
    T.clear(s)
    if tx < 64:
        T.atomic_add(s[0], 1)
    else:
        T.atomic_add(s[0], 2)
    B[tx] = s[0]


RIGHT_SIDES = [apart, by_two_branches, handed_over, counted]


@pytest.mark.parametrize("body", RIGHT_SIDES)
def test_sides_that_are_apart_or_ordered(body):
    lowered = thread_sim.lower(kernel(body))
    assert lowered.signature["notes"] == []
    results = set()
    for policy in ("round_robin", "random", "adversarial"):
        given = arguments()
        thread_sim.launch(lowered, given, policy=policy, seed=3).check()
        results.add(given[1].tobytes())
    assert len(results) == 1


def sides_by_data(tx, A, B, s, n):
    T.clear(s)
    if A[tx // 2] > 3:
        s[tx] = A[tx]
    else:
        B[tx] = s[tx ^ 1]


def test_sides_that_data_keeps_apart_are_noted():
    lowered = thread_sim.lower(kernel(sides_by_data))
    (note,) = lowered.signature["notes"]
    assert "`s`, written in line" in note
    thread_sim.launch(lowered, arguments()).check()
