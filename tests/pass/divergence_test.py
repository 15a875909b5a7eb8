"""How far threads agree: the lattice of the analysis, and what follows from it for barriers."""

import pytest

import tilescale.language as T
from tests.harness import thread_sim
from tilescale import _ffi, errors

I32 = "int32"
N = 128


def kernel(body, threads=N):
    code = T.macro(body)

    @T.prim_func
    def program(A: T.Tensor((N,), I32), B: T.Tensor((N,), I32), n: T.int32):
        with T.Kernel(2, threads=threads) as bx:
            tx = T.get_thread_binding(0)
            s = T.alloc_shared((N,), I32)
            code(tx, bx, n, A, B, s)

    return program


def agreements(body, threads=N):
    return [
        (str(name), str(level))
        for name, level in _ffi.get("pass.Agreements")(kernel(body, threads), {})
    ]


def level_of(function, threads=N):
    """Of the value `function(thread, block, n, A, shared)`."""

    def body(tx, bx, n, A, B, s):
        value = function(tx, bx, n, A, s)
        B[tx] = T.cast(value, I32)

    values = [level for name, level in agreements(body, threads) if name == "value"]
    assert values, agreements(body, threads)
    return values[-1]


VALUES = {
    "an argument": (lambda tx, bx, n, A, s: n * 2, "block"),
    "the block": (lambda tx, bx, n, A, s: bx + n, "block"),
    "the thread": (lambda tx, bx, n, A, s: tx + n, "thread"),
    "the lane": (lambda tx, bx, n, A, s: T.get_lane_idx(), "thread"),
    "the warp": (lambda tx, bx, n, A, s: T.get_warp_idx(), "warp"),
    "the warp and an argument": (lambda tx, bx, n, A, s: T.get_warp_idx() * n + bx, "warp"),
    "the warp by a shift": (lambda tx, bx, n, A, s: tx >> 5, "warp"),
    "half a warp": (lambda tx, bx, n, A, s: tx // 16, "thread"),
    "the lane of a warp": (lambda tx, bx, n, A, s: tx % 32, "thread"),
    "bits of the warp": (lambda tx, bx, n, A, s: (tx & 96) ^ 32, "warp"),
    "the first warps": (lambda tx, bx, n, A, s: tx < 64, "warp"),
    "some of a warp": (lambda tx, bx, n, A, s: tx < 65, "thread"),
    "all threads": (lambda tx, bx, n, A, s: tx < N, "block"),
    "an element of all": (lambda tx, bx, n, A, s: A[bx], "block"),
    "an element of all beside a float": (
        lambda tx, bx, n, A, s: T.cast(A[bx], "float32") > 0.5,
        "block",
    ),
    "an element of the warp": (lambda tx, bx, n, A, s: A[tx // 32], "warp"),
    "an element of the thread": (lambda tx, bx, n, A, s: A[tx], "thread"),
    "a shared element": (lambda tx, bx, n, A, s: s[n], "block"),
    "a sum of the warp": (lambda tx, bx, n, A, s: T.warp_reduce_sum(A[tx]), "warp"),
    "a vote of the warp": (lambda tx, bx, n, A, s: T.any_sync(A[tx] > 3), "warp"),
    "a vote of some lanes": (lambda tx, bx, n, A, s: T.any_sync(A[tx] > 3, 0xFF), "thread"),
    "a vote of the block": (lambda tx, bx, n, A, s: T.syncthreads_or(A[tx] > 3), "block"),
    "one lane's value": (lambda tx, bx, n, A, s: T.shfl_sync(A[tx], 3), "warp"),
    "some lane's value": (lambda tx, bx, n, A, s: T.shfl_sync(A[tx], tx % 4), "thread"),
    "a part's value": (lambda tx, bx, n, A, s: T.shfl_sync(A[tx], 3, width=8), "thread"),
    "a neighbour's value": (lambda tx, bx, n, A, s: T.shfl_xor(A[tx], 1), "thread"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    function, level = VALUES[name]
    assert level_of(function) == level


def test_one_warp_agrees_on_what_is_of_its_warp():
    assert level_of(lambda tx, bx, n, A, s: T.get_warp_idx(), threads=32) == "block"


def control(kind, body):
    return [level for name, level in agreements(body) if name == kind and level != "block"]


def of_variable(name, body):
    return [level for found, level in agreements(body) if found == name][-1]


def test_a_variable_is_what_was_written_to_it_and_where():
    def by_value(tx, bx, n, A, B, s):
        x = T.alloc_var(I32, init=0)
        x = T.get_warp_idx()
        B[tx] = x

    def by_branch(tx, bx, n, A, B, s):
        x = T.alloc_var(I32, init=0)
        if tx < 3:
            x = 1
        B[tx] = x

    def by_a_branch_of_warps(tx, bx, n, A, B, s):
        x = T.alloc_var(I32, init=0)
        if tx < 32:
            x = n
        B[tx] = x

    def through_a_loop(tx, bx, n, A, B, s):
        x = T.alloc_var(I32, init=0)
        y = T.alloc_var(I32, init=0)
        for _ in T.serial(3):
            y = x
            x = A[tx]
        B[tx] = y

    assert of_variable("x", by_value) == "warp"
    assert of_variable("x", by_branch) == "thread"
    assert of_variable("x", by_a_branch_of_warps) == "warp"
    assert of_variable("y", through_a_loop) == "thread"


def test_loops_that_some_leave_earlier():
    def leaves(tx, bx, n, A, B, s):
        for i in T.serial(n):
            if A[tx] == i:
                break
            B[tx] = i

    def warps_leave(tx, bx, n, A, B, s):
        for i in T.serial(n):
            if T.any_sync(A[tx] == i):
                break
            B[tx] = i

    def all_leave(tx, bx, n, A, B, s):
        for i in T.serial(n):
            if A[i] == 3:
                break
            B[tx] = i

    assert "thread" in control("for", leaves)
    assert control("for", warps_leave)[0] == "warp"
    assert control("for", all_leave) == []


def own_loop_inside(tx, bx, n, A, B, s):
    """Who leaves the inner loop comes back to the outer one."""
    for i in T.serial(4):
        for j in T.serial(n):
            if A[tx] == j:
                break
            s[tx] = j
        T.sync_threads()
        B[tx] = s[N - 1 - tx] + i


def in_a_branch(tx, bx, n, A, B, s):
    if A[tx] > 0:
        T.sync_threads()
    B[tx] = 1


def in_the_first_warps(tx, bx, n, A, B, s):
    if tx < 64:
        T.sync_threads()
    B[tx] = 1


def in_both_branches(tx, bx, n, A, B, s):
    if tx < 64:
        T.sync_threads()
    else:
        T.sync_threads()
    B[tx] = 1


def in_an_uneven_loop(tx, bx, n, A, B, s):
    for _ in T.serial(tx):
        T.sync_threads()
    B[tx] = 1


def in_an_uneven_while(tx, bx, n, A, B, s):
    i = T.alloc_var(I32, init=tx)
    while i > 0:
        T.sync_threads()
        i = i - 1
    B[tx] = 1


def in_a_loop_that_some_leave(tx, bx, n, A, B, s):
    for i in T.serial(8):
        if A[tx] == i:
            break
        T.sync_threads()
    B[tx] = 1


def vote_in_a_branch(tx, bx, n, A, B, s):
    if tx < 32:
        B[tx] = T.syncthreads_count(A[tx] > 0)


def grid_in_a_branch(tx, bx, n, A, B, s):
    if tx == 0:
        T.sync_grid()
    B[tx] = 1


def warp_in_a_branch(tx, bx, n, A, B, s):
    if tx % 32 < 16:
        T.sync_warp()
    B[tx] = 1


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (in_a_branch, "sync_threads"),
        (in_the_first_warps, "sync_threads"),
        (in_both_branches, "sync_threads"),
        (in_an_uneven_loop, "sync_threads"),
        (in_an_uneven_while, "sync_threads"),
        (in_a_loop_that_some_leave, "sync_threads"),
        (vote_in_a_branch, "syncthreads_count"),
        (grid_in_a_branch, "sync_grid"),
        (warp_in_a_branch, "sync_warp"),
    ],
)
def test_barriers_to_which_not_all_come(body, name):
    with pytest.raises(errors.DivergentBarrierError, match=rf"T\.{name}") as caught:
        thread_sim.lower(kernel(body))
    error = caught.value
    lines = body.__code__.co_firstlineno, body.__code__.co_firstlineno + 8
    assert error.span.file == __file__
    assert lines[0] < error.span.line <= lines[1]
    assert "in line" in error.got
    assert "T.sync" in error.remedy or "T.any_sync" in error.remedy
    assert ("warp" in error.expected) == (name == "sync_warp")


def of_half_the_block(tx, bx, n, A, B, s):
    if tx < 64:
        T.sync_threads(1, 64)
    B[tx] = 1


def where_others_arrive(tx, bx, n, A, B, s):
    if tx < 64:
        T.named_barrier_arrive(3, N)
    else:
        T.sync_threads(3, N)
    B[tx] = 1


def of_the_lanes_that_come(tx, bx, n, A, B, s):
    if tx % 32 < 16:
        T.sync_warp(0xFFFF)
    B[tx] = 1


def of_a_warp_by_itself(tx, bx, n, A, B, s):
    if T.shfl_sync(A[tx], 0) >= 32:
        T.sync_warp()
    B[tx] = 1


def under_a_vote(tx, bx, n, A, B, s):
    if T.syncthreads_or(A[tx] > 3):
        T.sync_threads()
    B[tx] = 1


def a_vote_as_condition(tx, bx, n, A, B, s):
    B[tx] = 1
    if T.syncthreads_count(A[tx] > 3) > tx + N:
        B[tx] = 2


def under_what_is_always_true(tx, bx, n, A, B, s):
    if tx < N:
        T.sync_threads()
    B[tx] = 1


def under_a_condition_of_all(tx, bx, n, A, B, s):
    if n > bx + 3:
        T.sync_threads()
    B[tx] = 1


@pytest.mark.parametrize(
    "body",
    [
        own_loop_inside,
        of_half_the_block,
        where_others_arrive,
        of_the_lanes_that_come,
        of_a_warp_by_itself,
        under_a_vote,
        a_vote_as_condition,
        under_what_is_always_true,
        under_a_condition_of_all,
    ],
)
def test_barriers_to_which_all_come(body):
    lowered = thread_sim.lower(kernel(body))
    assert "sync" in lowered.kernel_source
