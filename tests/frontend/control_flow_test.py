"""Control flow of kernels: the same results as the Python text means."""

import kernel_run
import numpy as np
import pytest

import tilescale.language as T
from tilescale import errors, ir


def run(func, *arrays):
    """Executes a kernel with the evaluator; arrays are changed in place."""
    return kernel_run.run(func, list(arrays))


def ints(*shape):
    return np.zeros(shape, np.int32)


def kinds(stmt, found=None):
    """Names of the statement classes below `stmt`, parents first."""
    found = [] if found is None else found
    if isinstance(stmt, ir.Seq):
        for child in stmt.stmts:
            kinds(child, found)
        return found
    found.append(type(stmt).__name__)
    for field in ("body", "then_body", "else_body"):
        child = getattr(stmt, field, None)
        if child is not None:
            kinds(child, found)
    return found


def test_if_elif_else_on_run_time_conditions():
    @T.prim_func
    def kernel(A: T.Tensor((6,), "int32")):
        with T.Kernel(1):
            for i in T.serial(6):
                if i < 2:
                    A[i] = 10
                elif i == 3 or i == 5:
                    A[i] = 20
                else:
                    A[i] = 30

    a = ints(6)
    run(kernel, a)
    assert a.tolist() == [10, 10, 30, 20, 30, 20]


@pytest.mark.parametrize("flag", [True, False])
def test_compile_time_conditions_leave_no_if(flag):
    @T.prim_func
    def kernel(A: T.Tensor((2,), "int32")):
        with T.Kernel(1):
            if flag:
                A[0] = 1
            else:
                A[1] = 1
            if not flag and A is not None:
                A[0] = 5

    assert "If" not in kinds(kernel.body)
    a = ints(2)
    run(kernel, a)
    assert a.tolist() == ([1, 0] if flag else [5, 1])


def test_a_branch_that_is_not_taken_at_compile_time_is_not_traced():
    @T.prim_func
    def kernel(A: T.Tensor((2,), "int32")):
        with T.Kernel(1):
            if A.ndim == 1:
                A[0] = 1
            else:
                A[0, 0] = 1

    assert kinds(kernel.body) == ["TileLoop", "Store"]


def test_short_circuit_stops_at_compile_time_values():
    limit = None

    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            for i in range(4):
                if limit is None or i < limit:
                    A[i] = 1
                if limit is not None and i < limit:
                    A[i] = 2

    assert "If" not in kinds(kernel.body)


def test_nested_boolean_operators_and_chained_comparisons():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            for i in range(8):
                if (1 <= i < 4 and not 1 < i < 3) or (i > 5 and (i % 2 == 1 or i == 6)):
                    A[i] = 1

    a = ints(8)
    run(kernel, a)
    expected = [int(i in (1, 3) or i > 5) for i in range(8)]
    assert a.tolist() == expected


def test_while_break_continue():
    @T.prim_func
    def kernel(A: T.Tensor((10,), "int32")):
        with T.Kernel(1):
            n = T.alloc_var("int32", init=0)
            while True:
                n += 1
                if n == 3:
                    continue
                if n > 6:
                    break
                A[n] = n
            while n < 9:
                A[n] = -1
                n = n + 1

    a = ints(10)
    run(kernel, a)
    assert a.tolist() == [0, 1, 2, 0, 4, 5, 6, -1, -1, 0]


def test_loop_leaves_with_break():
    @T.prim_func
    def kernel(A: T.Tensor((6,), "int32"), n: T.int32):
        with T.Kernel(1):
            for i in range(6):
                if i == n:
                    break
                A[i] = 1

    a = ints(6)
    run(kernel, a, 4)
    assert a.tolist() == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(0, 7, 1), (2, 7, 2), (6, -1, -2), (5, 5, 1), (7, 2, 3), (1, 8, 3)]
)
def test_range_visits_what_python_visits(start, stop, step):
    @T.prim_func
    def kernel(A: T.Tensor((10,), "int32")):
        with T.Kernel(1):
            count = T.alloc_var("int32", init=0)
            for i in range(start, stop, step):
                count += 1
                A[i] = count

    a, expected = ints(10), ints(10)
    run(kernel, a)
    for count, i in enumerate(range(start, stop, step)):
        expected[i] = count + 1
    assert a.tolist() == expected.tolist()


def test_dynamic_range_bounds():
    @T.prim_func
    def kernel(A: T.Tensor((10,), "int32"), low: T.int32, high: T.int32):
        with T.Kernel(1):
            for i in range(low, high, 2):
                A[i] = 1

    a = ints(10)
    run(kernel, a, 3, 8)
    assert a.nonzero()[0].tolist() == [3, 5, 7]


def test_python_iterables_run_while_the_kernel_is_traced():
    offsets = [1, 3, 4]

    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            for number, offset in enumerate(offsets):
                if offset == 4:
                    break
                A[offset] = number + 1
            for name, value in {"x": 6, "y": 7}.items():
                if name == "x":
                    continue
                A[value] = len(name)

    assert kinds(kernel.body) == ["TileLoop", "Store", "Store", "Store"]
    a = ints(8)
    run(kernel, a)
    assert a.tolist() == [0, 1, 0, 2, 0, 0, 0, 1]


def test_compile_time_while_and_for_else():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            size = 1
            while size < 8:
                A[size] = size
                size *= 2
            for divisor in (3, 5):
                if size % divisor == 0:
                    break
            else:
                A[0] = 9

    a = ints(8)
    run(kernel, a)
    assert a.tolist() == [9, 1, 2, 0, 4, 0, 0, 0]


def test_ternary_on_run_time_and_compile_time_conditions():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            for i in range(4):
                A[i] = (i if i > 1 else -i) if A.dtype == "int32" else undefined_name  # noqa: F821

    a = ints(4)
    run(kernel, a)
    assert a.tolist() == [0, -1, 2, 3]


def test_comprehensions_over_compile_time_lists():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            tiles = [T.alloc_local((2,), "int32") for _ in range(2)]
            for number, tile in enumerate(tiles):
                T.fill(tile, number + 5)
            values = {i: tiles[i][0] + i for i in range(2)}
            A[0] = values[0]
            A[1] = sum(value for value in [values[1], 1])

    a = ints(4)
    run(kernel, a)
    assert a.tolist() == [5, 8, 0, 0]


def test_a_condition_with_statements_is_evaluated_anew_in_each_iteration():
    @T.macro
    def below(n, limit):
        twice = n * 2
        return twice < limit

    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            n = T.alloc_var("int32", init=0)
            while below(n, 7):
                A[n] = 1
                n += 1

    a = ints(8)
    run(kernel, a)
    assert a.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


def test_break_out_of_a_compile_time_loop_on_a_run_time_condition():
    with pytest.raises(errors.LoopExitError, match="depends on a run-time condition"):

        @T.prim_func
        def kernel(A: T.Tensor((8,), "int32"), n: T.int32):
            with T.Kernel(1):
                for i in [1, 2]:
                    if n == i:
                        break
                    A[i] = 1


def test_break_in_a_parallel_loop():
    with pytest.raises(errors.LoopExitError, match=r"T\.Parallel"):

        @T.prim_func
        def kernel(A: T.Tensor((8,), "int32")):
            with T.Kernel(1):
                for i in T.Parallel(8):
                    if i == 3:
                        continue
                    A[i] = 1


def test_assert_and_raise_happen_while_the_kernel_is_traced():
    def make(n):
        @T.prim_func
        def kernel(A: T.Tensor((8,), "int32")):
            with T.Kernel(1):
                assert n % 2 == 0, f"n is {n}"
                if n > 4:
                    raise ValueError("too large")
                A[0] = 1

        return kernel

    assert kinds(make(2).body) == ["TileLoop", "Store"]
    with pytest.raises(errors.CompileTimeAssertError, match="n is 3"):
        make(3)
    with pytest.raises(ValueError, match="too large"):
        make(6)


def test_assert_on_a_run_time_condition():
    with pytest.raises(errors.CompileTimeAssertError, match="device_assert"):

        @T.prim_func
        def kernel(A: T.Tensor((8,), "int32"), n: T.int32):
            with T.Kernel(1):
                assert n > 0
                A[0] = 1
