"""`T.copy`: forms of operands, conversion, parts outside of tensors."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run
from tilescale import errors, ir


def ints(*shape):
    return np.arange(1, 1 + np.prod(shape), dtype=np.int32).reshape(shape)


def extents(region):
    return [ir.as_const_int(extent) for extent in region.extents]


def only_copies(func):
    return [s for s in func.body.body.stmts if isinstance(s, ir.op.Copy)]


def test_a_head_element_takes_the_extents_of_the_other_side():
    @T.prim_func
    def kernel(A: T.Tensor((2, 9, 7), "int32"), B: T.Tensor((9, 7), "int32")):
        with T.Kernel(2, 3) as (bx, by):
            tile = T.alloc_shared((3, 4), "int32")
            T.copy(A[1, by * 3, bx * 4], tile)
            T.copy(tile, B[by * 3, bx * 4])

    load, store = only_copies(kernel)
    assert extents(load.src) == [1, 3, 4]
    assert extents(store.dst) == [3, 4]
    a, b = ints(2, 9, 7), np.zeros((9, 7), np.int32)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a[1])


def test_slices_of_symbolic_bounds_have_constant_extents():
    @T.prim_func
    def kernel(A: T.Tensor((8, 6), "int32"), B: T.Tensor((8, 6), "int32")):
        with T.Kernel(2) as bx:
            tile = T.alloc_fragment((4, 6), "int32")
            T.copy(A[bx * 4 : (bx + 1) * 4, :], tile)
            T.copy(tile[0:4, 1:-1], B[bx * 4 : bx * 4 + 4, 0:4])

    assert extents(only_copies(kernel)[0].src) == [4, 6]
    a, b = ints(8, 6), np.zeros((8, 6), np.int32)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b[:, :4], a[:, 1:5])


def test_extents_of_one_are_dropped():
    @T.prim_func
    def kernel(A: T.Tensor((3, 4, 5), "int32"), B: T.Tensor((3, 5), "int32")):
        with T.Kernel(3) as b:
            row = T.alloc_fragment((5,), "int32")
            T.copy(A[b, 2, 0:5], row)
            T.copy(row, B[b, :])

    a, b = ints(3, 4, 5), np.zeros((3, 5), np.int32)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a[:, 2])


def test_conversion_and_safe_value():
    @T.prim_func
    def kernel(A: T.Tensor((5,), "float32"), B: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            T.annotate_safe_value({A: -3})
            tile = T.alloc_shared((8,), "int32")
            T.copy(A[0], tile)
            T.copy(tile, B)

    b = np.zeros(8, np.int32)
    kernel_run.run(kernel, [np.array([1.5, -2.5, 3, 4, 5], np.float32), b])
    assert b.tolist() == [1, -2, 3, 4, 5, -3, -3, -3]


def test_scalars_become_stores():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            v = T.alloc_var("int32")
            T.copy(A[0], v)
            T.copy(A[1], A[2])
            T.copy(v + 1, A[3])

    a = ints(4)
    kernel_run.run(kernel, [a])
    assert a.tolist() == [1, 2, 2, 2]


def test_hints_are_kept():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            tile = T.alloc_shared((4,), "int32")
            T.copy(A, tile, coalesced_width=2, disable_tma=True, prefer_instruction="sync")

    attrs = only_copies(kernel)[0].attrs
    assert attrs["coalesced_width"] == 2
    assert attrs["disable_tma"]
    assert attrs["prefer_instruction"] == "sync"


def trace_copy(shape, index):
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "int32"), n: T.int32):
        with T.Kernel(1) as bx:
            tile = T.alloc_shared(shape, "int32")
            T.copy(index(A, bx, n), tile)

    return kernel


@pytest.mark.parametrize(
    ("shape", "index", "error"),
    [
        ((4, 4), lambda A, b, n: A[0:4, 0:5], errors.ExtentMismatchError),
        ((4, 4), lambda A, b, n: A, errors.ExtentMismatchError),
        ((4, 4), lambda A, b, n: A[0:4, 0:n], errors.ExtentMismatchError),
        ((2, 4, 4), lambda A, b, n: A[0, 0], errors.ExtentMismatchError),
        ((4, 4), lambda A, b, n: A[0:4], errors.IndexCountError),
        ((4, 4), lambda A, b, n: A[0:8:2, 0:4], errors.RegionStepError),
        ((4, 4), lambda A, b, n: A[4:0, 0:4], errors.IndexRangeError),
        ((4, 4), lambda A, b, n: A[16, 0], errors.IndexRangeError),
        ((4, 4), lambda A, b, n: A[-17, 0], errors.IndexRangeError),
        ((4, 4), lambda A, b, n: A[b * 0.5, 0], errors.IndexTypeError),
        ((4, 4), lambda A, b, n: n + 1, errors.NotABufferError),
        ((4, 4), lambda A, b, n: "A", errors.NotABufferError),
        ((4, -4), lambda A, b, n: A, errors.ShapeError),
    ],
)
def test_rejected_operands(shape, index, error):
    with pytest.raises(error) as caught:
        trace_copy(shape, index)
    assert caught.value.span is not None
    assert caught.value.remedy


def test_unknown_instruction():
    with pytest.raises(errors.OperatorArgumentError, match="'dma'"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32"), B: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                T.copy(A, B, prefer_instruction="dma")


def test_a_copy_that_may_end_later_and_cached_loads():
    @T.prim_func
    def kernel(A: T.Tensor((64,), "int32"), B: T.Tensor((2, 64), "int32")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((64,), "int32")
            T.async_copy(A, tile)
            for i in T.Parallel(64):
                B[0, i] = T.__ldg(A[63 - i])
            T.copy(tile, B[1, 0:64])

    a, b = np.arange(64, dtype=np.int32), np.zeros((2, 64), np.int32)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b, [a[::-1], a])
