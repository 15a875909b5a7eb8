"""Arguments that steer how the CUDA target copies, loops and prints."""

import re

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale.errors import (
    LayoutConflictError,
    OperatorArgumentError,
    UnsupportedInstructionError,
)
from tilescale.layout import Fragment


def source(func, arch="sm_80"):
    return tilescale.lower(func, target=f"cuda -arch={arch}").kernel_source


def copied(**arguments):
    """A to a shared tile, by the arguments, and on to B."""

    @T.prim_func
    def kernel(A: T.Tensor((8, 64), "float16"), B: T.Tensor((8, 64), "float16")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((8, 64), "float16")
            T.copy(A, tile, **arguments)
            T.copy(tile, B, **{k: v for k, v in arguments.items() if k != "prefer_instruction"})

    return kernel


def vectors(text):
    """The sizes of vectors in words of 32 bits."""
    return {int(words) for words in re.findall(r"ts::Words<(\d+)>", text)}


def check_copy(kernel):
    a = np.arange(8 * 64, dtype=np.float16).reshape(8, 64)
    b = np.zeros_like(a)
    machine.build(kernel)(a, b)
    np.testing.assert_array_equal(b, a)


ROWS = Fragment((8, 64), forward_fn=lambda i, j: (i * 4 + j // 16, j % 16))
COLUMNS = Fragment((8, 64), forward_fn=lambda i, j: (j // 2, i * 2 + j % 2))


@pytest.mark.parametrize(("width", "words"), [(None, 4), (8, 4), (5, 2), (4, 2), (2, 1), (1, None)])
def test_a_copy_moves_no_more_elements_at_once_than_allowed(width, words):
    kernel = copied(coalesced_width=width)
    assert vectors(source(kernel)) == ({words} if words else set())
    check_copy(kernel)


@pytest.mark.parametrize(("width", "most"), [(None, 16), (4, 8), (2, 4)])
def test_an_asynchronous_copy_too(width, most):
    kernel = copied(coalesced_width=width, prefer_instruction="cp_async")
    assert f"cp_async_{most}(" in source(kernel)
    if machine.arch_for() != "sm_75":
        check_copy(kernel)


@pytest.mark.parametrize("layout", [ROWS, COLUMNS], ids=["rows", "columns"])
def test_a_copy_runs_by_the_layout_that_the_user_gives(layout):
    kernel = copied(loop_layout=layout)
    check_copy(kernel)
    # Four threads move each row, or one thread two columns.
    assert ("const int32_t i = (tx >> 2);" in source(kernel)) == (layout is ROWS)


@pytest.mark.parametrize("width", [1, 4])
def test_a_loop_moves_no_more_elements_at_once_than_allowed(width):
    @T.prim_func
    def kernel(A: T.Tensor((8, 64), "float16"), B: T.Tensor((8, 64), "float16")):
        with T.Kernel(1, threads=32):
            for i, j in T.Parallel(8, 64, coalesced_width=width):
                B[i, j] = A[i, j]

    assert vectors(source(kernel)) == ({2} if width == 4 else set())
    check_copy(kernel)


def overlapping(**arguments):
    @T.prim_func
    def kernel(A: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((64,), "int32")
            T.copy(A, tile)
            T.copy(tile[0:32], tile[16:48], **arguments)
            T.copy(tile, A)

    return kernel


def test_a_copy_within_a_buffer_obeys_its_layout():
    halves = Fragment((32,), forward_fn=lambda i: (i % 16, i // 16))
    kernel = overlapping(loop_layout=halves)
    a = np.arange(64, dtype=np.int32)
    expected = a.copy()
    expected[16:48] = a[:32]
    machine.build(kernel)(a)
    np.testing.assert_array_equal(a, expected)
    # Two rounds by 16 threads, to registers and back.
    assert source(kernel).count("(round_1 * 16)") + source(kernel).count("(round_2 * 16)") == 2


WRONG = {
    "shape": Fragment((8, 32), forward_fn=lambda i, j: (j, i)),
    "rank": Fragment((512,), forward_fn=lambda i: (i % 32, i // 32)),
    "threads": Fragment((8, 64), forward_fn=lambda i, j: (j, i)),
    "no digits": Fragment((8, 64), forward_fn=lambda i, j: (31 - j // 2, i * 2 + j % 2)),
}


@pytest.mark.parametrize("name", WRONG)
def test_layouts_that_do_not_fit_are_refused(name):
    with pytest.raises(LayoutConflictError, match="does not fit"):
        source(copied(loop_layout=WRONG[name]))

    @T.prim_func
    def loop(A: T.Tensor((8, 64), "float16")):
        with T.Kernel(1, threads=32):
            for i, j in T.Parallel(8, 64, loop_layout=WRONG[name]):
                A[i, j] = 0

    with pytest.raises(LayoutConflictError, match="does not fit"):
        source(loop)


def test_a_layout_of_a_loop_of_unknown_extent_is_refused():
    n = T.dynamic("n")

    @T.prim_func
    def loop(A: T.Tensor((n,), "float16")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(n, loop_layout=WRONG["rank"]):
                A[i] = 0

    with pytest.raises(LayoutConflictError, match="run time only"):
        source(loop)


def pipelined(**arguments):
    @T.prim_func
    def kernel(A: T.Tensor((8, 64), "float16"), B: T.Tensor((8, 64), "float16")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((1, 64), "float16")
            for k in T.Pipelined(8, num_stages=3):
                T.copy(A[k, 0], tile, **arguments)
                T.copy(tile, B[k, 0])

    return kernel


@pytest.mark.parametrize(
    ("arguments", "is_async"),
    [
        ({}, True),
        ({"prefer_instruction": "cp_async"}, True),
        ({"prefer_instruction": "sync"}, False),
        ({"coalesced_width": 1}, False),
        ({"loop_layout": Fragment((64,), forward_fn=lambda j: (j // 2, j % 2))}, False),
    ],
)
def test_pipelines_copy_as_they_are_told(arguments, is_async):
    kernel = pipelined(**arguments)
    assert ("cp_async" in source(kernel)) == is_async
    if machine.arch_for() != "sm_75" or not is_async:
        check_copy(kernel)


@pytest.mark.parametrize(
    ("kernel", "arch", "reason"),
    [
        (copied(prefer_instruction="tma"), "sm_90", "does not generate"),
        (copied(prefer_instruction="cp_async"), "sm_75", "sm_75 has no cp.async"),
        (copied(prefer_instruction="cp_async", coalesced_width=1), "sm_80", "less than 4 bytes"),
        (copied(prefer_instruction="cp_async", loop_layout=ROWS), "sm_80", "loop layout"),
    ],
)
def test_an_instruction_that_cannot_be_used_is_refused(kernel, arch, reason):
    with pytest.raises(UnsupportedInstructionError, match=reason):
        source(kernel, arch)


def printed(kernel, capfd, *args):
    machine.build(kernel)(*args)
    return sorted(capfd.readouterr().out.splitlines())


def place(thread):
    return f"block (0, 0, 0), thread ({thread}, 0, 0):"


@pytest.mark.parametrize(
    ("arguments", "thread"),
    [({}, 0), ({"warp_id": 2}, 64), ({"warp_group_id": 1, "warp_id": 1}, 160)],
)
def test_print_by_one_warp(arguments, thread, capfd):
    @T.prim_func
    def show(A: T.Tensor((2,), "int32")):
        with T.Kernel(1, threads=256):
            tile = T.alloc_shared((2,), "int32")
            T.copy(A, tile)
            T.print(tile, **arguments)
            tile[1] = 7
            T.print(tile[1], msg="then", **arguments)

    lines = printed(show, capfd, np.array([4, 5], np.int32))
    assert lines == [
        f"{place(thread)} then 7",
        f"{place(thread)} tile[0] = 4",
        f"{place(thread)} tile[1] = 5",
    ]


def test_print_by_the_threads_of_one_warp(capfd):
    @T.prim_func
    def show(A: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding()
            if tx % 16 == 3:
                T.print(tx, msg="lane", warp_id=1)
            for i in T.Parallel(64):
                if A[i] > 0:
                    T.print(i, msg="point", warp_id=0)

    a = np.zeros(64, np.int32)
    a[[5, 40]] = 1
    assert printed(show, capfd, a) == sorted(
        [f"{place(35)} lane 35", f"{place(51)} lane 51", f"{place(5)} point 5"]
    )


def test_print_by_a_warp_that_is_not_there():
    @T.prim_func
    def show(A: T.Tensor((2,), "int32")):
        with T.Kernel(1, threads=48):
            T.print(A[0], warp_id=2)

    with pytest.raises(OperatorArgumentError, match="warps 0 to 1 of 48 threads"):
        source(show)


def test_a_loop_is_written_out_in_parts():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "int32")):
        with T.Kernel(1, threads=32):
            for i in T.unroll(16, unroll_factor=4):
                A[i] = i

    assert "#pragma unroll 4\n" in source(kernel)
