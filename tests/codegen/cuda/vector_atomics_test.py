"""Atomic additions to neighbours: by one instruction where there is one, and the sums are right."""

import re

import ml_dtypes
import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine
from tilescale.testing import evaluator

RNG = np.random.default_rng(3)
NUMPY = {"bfloat16": np.dtype(ml_dtypes.bfloat16)}
#: The longest addition to global memory.
LONGEST = {
    ("float16", "sm_75"): 2,
    ("float16", "sm_80"): 2,
    ("float16", "sm_90"): 8,
    ("bfloat16", "sm_80"): 1,
    ("bfloat16", "sm_90"): 8,
    ("float32", "sm_80"): 1,
    ("float32", "sm_90"): 4,
    ("float64", "sm_90"): 1,
    ("int32", "sm_90"): 1,
}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def longest(func, arch):
    """The lengths of the vectors that the kernel adds, the longest first; 1 for single elements."""
    text = machine.source(func, arch)
    found = {int(n) for n in re.findall(r"red_add<(\d+),", text)}
    if "atomic_add<" in text:
        found.add(1)
    return sorted(found, reverse=True)


def values(shape, dtype):
    """Small integers: every order of additions is exact."""
    return RNG.integers(-4, 4, shape).astype(NUMPY.get(dtype, dtype))


def compare(func, shapes, dtype, arch):
    """Runs the kernel; its last array is what is added to."""
    args = [values(shape, dtype) for shape in shapes]
    expected = [a.copy() for a in args]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func, arch)(*args)
    for actual, wanted in zip(args, expected, strict=True):
        np.testing.assert_array_equal(actual.astype(np.float64), wanted.astype(np.float64))


def tile(dtype, rows=48, columns=64, shared=True):
    @T.prim_func
    def kernel(A: T.Tensor((4, rows, columns), dtype), C: T.Tensor((rows, columns), dtype)):
        with T.Kernel(4, threads=64) as bx:
            if shared:
                a = T.alloc_shared((rows, columns), dtype)
            else:
                a = T.alloc_fragment((rows, columns), dtype)
            T.copy(A[bx, 0, 0], a)
            T.atomic_add(C, a)

    return kernel


def elements(dtype, rows=48, columns=64, offset=0):
    """Each block adds twice its rows, from a column on."""

    @T.prim_func
    def kernel(A: T.Tensor((4, rows, columns), dtype), C: T.Tensor((rows, columns + 8), dtype)):
        with T.Kernel(4, threads=64) as bx:
            for i, j in T.Parallel(rows, columns):
                T.atomic_add(C[i, j + offset], A[bx, i, j] * 2)

    return kernel


def to_shared(dtype, columns=64):
    @T.prim_func
    def kernel(A: T.Tensor((32, columns), dtype), C: T.Tensor((columns,), dtype)):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((columns,), dtype)
            T.clear(s)
            for i, j in T.Parallel(32, columns):
                T.atomic_add(s[j], A[i, j])
            T.copy(s, C)

    return kernel


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("dtype", "arch"), LONGEST)
def test_tiles(dtype, arch, shared):
    func = tile(dtype, shared=shared)
    assert longest(func, arch) == [LONGEST[dtype, machine.arch_for(arch)]]
    compare(func, [(4, 48, 64), (48, 64)], dtype, arch)


@pytest.mark.parametrize(("dtype", "arch"), LONGEST)
def test_elements_of_a_loop(dtype, arch):
    func = elements(dtype)
    assert longest(func, arch) == [LONGEST[dtype, machine.arch_for(arch)]]
    compare(func, [(4, 48, 64), (48, 72)], dtype, arch)


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 8), (8, 8), (4, 4), (2, 2), (6, 2), (1, 1), (7, 1)]
)
def test_slices_are_as_long_as_their_alignment(offset, length):
    func = elements("float16", offset=offset)
    assert longest(func, "sm_90") == [length]
    compare(func, [(4, 48, 64), (48, 72)], "float16", "sm_90")


@pytest.mark.parametrize(("columns", "length"), [(64, 8), (20, 4), (6, 2), (7, 1), (1, 1)])
def test_rows_of_any_length(columns, length):
    func = tile("float16", rows=5, columns=columns)
    assert longest(func, "sm_90") == [length]
    compare(func, [(4, 5, columns), (5, columns)], "float16", "sm_90")


@pytest.mark.parametrize(("dtype", "arch", "length"), [
    ("float16", "sm_75", 2),
    ("float16", "sm_90", 2),
    ("bfloat16", "sm_80", 1),
    ("bfloat16", "sm_90", 2),
    ("float32", "sm_90", 1),
])  # fmt: skip
def test_shared_memory_has_pairs_only(dtype, arch, length):
    func = to_shared(dtype)
    if machine.arch_for(arch) == arch:
        assert longest(func, arch) == [length]
    compare(func, [(32, 64), (64,)], dtype, arch)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 130])
def test_the_end_of_an_array_of_any_length(n):
    size = T.dynamic("N")

    @T.prim_func
    def kernel(A: T.Tensor((64,), "float16"), C: T.Tensor((size,), "float16")):
        with T.Kernel(T.ceildiv(size, 64), threads=32) as bx:
            a = T.alloc_fragment((64,), "float16")
            T.copy(A, a)
            T.atomic_add(C[bx * 64 : bx * 64 + 64], a)

    compare(kernel, [(64,), (n,)], "float16", "sm_90")


@pytest.mark.parametrize("order", ["acquire", "release", "acq_rel", "seq_cst"])
def test_other_orders_stay_single(order):
    @T.prim_func
    def kernel(A: T.Tensor((64,), "float16"), C: T.Tensor((64,), "float16")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                T.atomic_add(C[i], A[i], memory_order=order)

    assert longest(kernel, "sm_90") == [1]
    compare(kernel, [(64,), (64,)], "float16", "sm_90")


def test_an_element_that_the_loop_also_reads_stays_single():
    @T.prim_func
    def kernel(A: T.Tensor((64,), "float32"), C: T.Tensor((128,), "float32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                T.atomic_add(C[i], A[i] + C[i + 64])

    assert longest(kernel, "sm_90") == [1]
    compare(kernel, [(64,), (128,)], "float32", "sm_90")


def test_neighbouring_lanes_add_single_elements_to_neighbours():
    machine.simulator_only("the text of sm_80 is asked for")
    assert "j = tx;" in machine.source(elements("float32"), "sm_80")


@pytest.mark.parametrize(("dtype", "arch"), [("float32", "sm_90"), ("float16", "sm_80")])
def test_a_product_split_along_k(dtype, arch):
    @T.prim_func
    def kernel(
        A: T.Tensor((64, 64), "float16"),
        B: T.Tensor((64, 64), "float16"),
        C: T.Tensor((64, 64), dtype),
    ):
        with T.Kernel(2, threads=128) as bx:
            a = T.alloc_shared((64, 32), "float16")
            b = T.alloc_shared((32, 64), "float16")
            c = T.alloc_fragment((64, 64), dtype)
            T.copy(A[0, bx * 32], a)
            T.copy(B[bx * 32, 0], b)
            T.gemm(a, b, c, clear_accum=True)
            T.atomic_add(C, c)

    assert longest(kernel, arch) == [2]
    args = [RNG.integers(-2, 2, (64, 64)).astype(t) for t in ("float16", "float16", dtype)]
    expected = args[0].astype(np.float64) @ args[1].astype(np.float64) + args[2]
    machine.build(kernel, arch)(*args)
    np.testing.assert_array_equal(args[2].astype(np.float64), expected)


def written_out(dtype, add, count, offset=0):
    """Each thread adds `count` neighbours, from a multiple of it plus `offset` on."""

    @T.prim_func
    def kernel(A: T.Tensor((16, 64), dtype), C: T.Tensor((16, 64), dtype)):
        with T.Kernel(2, threads=32):
            for i, j in T.Parallel(16, 64 // count - 1):
                add(C[i, j * count + offset], A[i, j * count])

    return kernel


@pytest.mark.parametrize("offset", [0, 1, 2])
@pytest.mark.parametrize(("dtype", "arch"), LONGEST)
def test_neighbours_that_are_written_out(dtype, arch, offset):
    for add, count in ((T.atomic_addx2, 2), (T.atomic_addx4, 4)):
        func = written_out(dtype, add, count, offset)
        most = LONGEST[dtype, machine.arch_for(arch)]
        # Of four elements from an odd one on, the two in the middle are a pair.
        odd = [2, 1] if count == 4 and most > 1 else [1]
        assert longest(func, arch) == (odd if offset == 1 else [min(most, count, 4 - offset)])
        compare(func, [(16, 64), (16, 64)], dtype, arch)


def test_neighbours_in_another_order_stay_single():
    @T.prim_func
    def kernel(A: T.Tensor((64,), "float32"), C: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(32):
                T.atomic_add(C[i * 2 + 1], A[i * 2])
                T.atomic_add(C[i * 2], A[i * 2 + 1])

    assert longest(kernel, "sm_90") == [1]
    compare(kernel, [(64,), (64,)], "float32", "sm_90")


def test_neighbours_one_of_which_may_be_missing():
    size = T.dynamic("N")

    @T.prim_func
    def kernel(A: T.Tensor((64,), "float16"), C: T.Tensor((size,), "float16")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(32):
                T.atomic_addx2(C[i * 2], A[i * 2])

    assert longest(kernel, "sm_90") == [1]
    for n in (1, 31, 64):
        compare(kernel, [(64,), (n,)], "float16", "sm_90")


def test_a_value_that_depends_on_the_buffer_is_not_computed_in_advance():
    @T.prim_func
    def kernel(C: T.Tensor((4,), "float32")):
        with T.Kernel(1, threads=32):
            for _ in T.Parallel(1):
                T.atomic_add(C[0], 1.0)
                T.atomic_add(C[1], C[0])

    assert longest(kernel, "sm_90") == [1]
    compare(kernel, [(4,)], "float32", "sm_90")
