"""Eager kernels: shapes from arguments, outputs, compile-time arguments, keys."""

import kernel_run
import numpy as np
import pytest

import tilescale.language as T
from tilescale import errors, ir
from tilescale.frontend import bind_arguments, trace_eager


def add(A, B, block: int = 4, scale=None):
    M, N = T.const("M N")
    A: T.Tensor[[M, N], T.float32]
    B: T.Tensor[[M, N], T.float32]
    C = T.empty((M, N), T.float32)
    with T.Kernel(T.ceildiv(N, block), M) as (bx, by):
        for i in T.Parallel(block):
            if bx * block + i < N:
                C[by, bx * block + i] = A[by, bx * block + i] + B[by, bx * block + i]
                if scale is not None:
                    C[by, bx * block + i] *= scale
    return C


def arrays(*shape):
    rng = np.random.default_rng(0)
    return [rng.integers(-9, 9, shape).astype(np.float32) for _ in range(2)]


def test_shapes_come_from_the_arguments():
    a, b = arrays(3, 7)
    trace = trace_eager(add, (a, b), {})
    assert trace.launch == ("A", "B")
    assert list(trace.func.roles) == ["input", "input", "output"]
    assert [int(e) for e in trace.func.params[0].shape] == [3, 7]
    assert [ir.as_const_int(e) for e in trace.func.body.extents] == [2, 3]
    (c,) = kernel_run.run(trace.func, [a, b])
    np.testing.assert_array_equal(c, a + b)


def test_other_arguments_are_compile_time_values():
    a, b = arrays(2, 5)
    trace = trace_eager(add, (a, b), {"block": 2, "scale": 3.0})
    (c,) = kernel_run.run(trace.func, [a, b])
    np.testing.assert_array_equal(c, (a + b) * 3)


def test_keys_tell_kernels_apart():
    def key(shape, **kwargs):
        a, b = arrays(*shape)
        trace = trace_eager(add, (a, b), kwargs)
        return trace.key(bind_arguments(add, (a, b), kwargs))

    assert key((3, 7)) == key((3, 7))
    assert len({key((3, 7)), key((3, 8)), key((3, 7), block=2), key((3, 7), scale=1.0)}) == 4


def test_dynamic_sizes_are_not_part_of_the_key():
    def copy(A, B):
        n = T.dynamic("n")
        A: T.Tensor[[n, 4], T.int32]
        B: T.Tensor[[n, 4], T.int32]
        with T.Kernel(n) as bx:
            for i in T.Parallel(4):
                B[bx, i] = A[bx, i]

    traces = []
    for rows in (2, 5):
        a, b = np.arange(rows * 4, dtype=np.int32).reshape(rows, 4), np.zeros((rows, 4), np.int32)
        trace = trace_eager(copy, (a, b), {})
        kernel_run.run(trace.func, [a, b])
        np.testing.assert_array_equal(a, b)
        traces.append(trace.key({"A": a, "B": b}))
    assert traces[0] == traces[1]


def test_sizes_in_expressions_may_be_bound_later():
    def unpack(P, A):
        M, K = T.const("M, K")
        P: T.Tensor[[M, K // 2], T.uint8]
        A: T.Tensor[[M, K], T.int32]
        with T.Kernel(M) as m:
            for k in T.Parallel(K):
                A[m, k] = T.cast(P[m, k // 2] >> (4 * (k % 2)), "int32") & 15

    p, a = np.array([[0x21, 0x43]], np.uint8), np.zeros((1, 4), np.int32)
    trace = trace_eager(unpack, (p, a), {})
    kernel_run.run(trace.func, [p, a])
    assert a.tolist() == [[1, 2, 3, 4]]
    with pytest.raises(errors.ArgumentShapeError, match="extent 1 of argument `P`"):
        trace_eager(unpack, (p, np.zeros((1, 6), np.int32)), {})


def test_scalar_parameters_are_passed_at_run_time():
    def scale(A, factor: T.int32, offset: int):
        (N,) = (T.const("N"),)
        A: T.Tensor[[N], T.int32]
        with T.Kernel(N) as i:
            A[i] = A[i] * factor + offset

    a = np.arange(3, dtype=np.int32)
    trace = trace_eager(scale, (a, 5, 1), {})
    assert trace.launch == ("A", "factor")
    kernel_run.run(trace.func, [a, 5])
    assert a.tolist() == [1, 6, 11]


def test_several_outputs_and_workspaces():
    def both(A):
        N = T.const("N")
        A: T.Tensor[[N], T.int32]
        low, high = T.empty((N,), T.int32), T.empty(N, T.int32)
        buffer = T.alloc_global((N,), T.int32)
        with T.Kernel(N) as i:
            buffer[i] = A[i]
            low[i] = buffer[i] - 1
            high[i] = buffer[i] + 1
        return high, low

    a = np.arange(3, dtype=np.int32)
    func = trace_eager(both, (a,), {}).func
    assert list(func.roles) == ["input", "output", "output", "workspace"]
    assert list(func.attrs["returns"]) == [2, 1]
    high, low = kernel_run.run(func, [a])
    assert (low.tolist(), high.tolist()) == ([-1, 0, 1], [1, 2, 3])


def test_four_bit_elements_are_packed_along_the_last_extent():
    def widen(P, A):
        N = T.const("N")
        P: T.Tensor[[N], T.int4]
        A: T.Tensor[[N], T.int32]
        with T.Kernel(1):
            T.copy(P, A)

    p, a = np.array([0x21, -1], np.int8), np.zeros(4, np.int32)
    trace = trace_eager(widen, (p, a), {})
    kernel_run.run(trace.func, [p, a])
    assert a.tolist() == [1, 2, -1, -1]


def expect(error, match, function, *args, **kwargs):
    with pytest.raises(error, match=match):
        trace_eager(function, args, kwargs)


def test_arguments_that_do_not_fit():
    a, b = arrays(2, 3)
    expect(errors.ArgumentShapeError, "argument `B`", add, a, b[:1])
    expect(errors.ArgumentRankError, "argument `B`", add, a, b[0])
    expect(errors.ArgumentCountError, "wrong arguments", add, a)


def test_tensors_must_be_annotated():
    def missing(A):
        with T.Kernel(1):
            A[0] = 1

    def unused(A, B):
        A: T.Tensor[[3], T.int32]
        with T.Kernel(1):
            A[0] = 1

    a = np.zeros(3, np.int32)
    expect(errors.AnnotationError, "before it is annotated", missing, a)
    expect(errors.AnnotationError, "`B`", unused, a, a)


def test_a_size_without_a_value():
    def free(A):
        N, M = T.const("N M")
        A: T.Tensor[[N], T.int32]
        with T.Kernel(M):
            A[0] = 1

    expect(errors.ConstBindingError, "`M`", free, np.zeros(3, np.int32))


def test_const_in_a_lazy_kernel():
    with pytest.raises(errors.ConstBindingError, match="called with tensors"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            N = T.const("N")
            with T.Kernel(N):
                A[0] = 1


def test_only_outputs_are_returned():
    def wrong(A):
        A: T.Tensor[[3], T.int32]
        with T.Kernel(1):
            A[0] = 1
        return A

    expect(errors.ReturnValueError, "not an output tensor", wrong, np.zeros(3, np.int32))
