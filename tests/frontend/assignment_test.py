"""Names in kernels: bindings, mutable scalars, scopes."""

import kernel_run
import numpy as np
import pytest

import tilescale.language as T
from tilescale import errors, ir


def run(func, *arrays):
    return kernel_run.run(func, list(arrays))


def ints(*shape):
    return np.zeros(shape, np.int32)


def statements(func):
    """The statements in the body of the launch."""
    body = func.body.body
    return list(body.stmts) if isinstance(body, ir.Seq) else [body]


def test_a_computed_scalar_is_bound_once_under_its_name():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(4) as bx:
            index = bx * 2 % 4
            A[index] = index

    bind = statements(kernel)[0]
    assert isinstance(bind, ir.Bind)
    assert str(bind.var.name) == "index"
    assert len(statements(kernel)) == 2


def test_a_binding_is_a_snapshot():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            old = A[0]
            pair = [A[1], A[2]]
            A[0] = 100
            A[1] = 100
            A[2] = old
            A[3] = pair[0] + pair[1]

    a = np.array([7, 1, 2, 0], np.int32)
    run(kernel, a)
    assert a.tolist() == [100, 100, 7, 3]


def test_mutable_scalars_store_on_assignment():
    @T.prim_func
    def kernel(A: T.Tensor((6,), "int32")):
        with T.Kernel(1):
            total = T.alloc_var("int32", init=1)
            count: T.int32 = 0
            snapshot = total
            for i in range(4):
                total = total * 2
                count += i
            A[0] = total
            A[1] = count
            A[2] = snapshot
            total, count = count, total
            A[3] = total
            A[4] = count
            total[0] = 9
            A[5] = total[0] + -total

    a = ints(6)
    run(kernel, a)
    assert a.tolist() == [16, 6, 1, 6, 16, 0]


def test_tuple_targets_and_chained_assignment():
    @T.prim_func
    def kernel(A: T.Tensor((6,), "int32")):
        with T.Kernel(2) as bx:
            (a, b), c = (bx, bx + 1), 3
            d = e = b * 2
            A[0], A[1] = a, c
            if (f := d + e) > 4:
                A[2 + bx] = f

    a = ints(6)
    kernel_run.run(kernel, [a])
    assert a.tolist() == [1, 3, 0, 8, 0, 0]


def test_augmented_assignment_of_elements():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            A[0] += 5
            A[1] -= 2
            A[2] *= A[0]
            A[-1] //= 2
            A[3] <<= 1

    a = np.array([1, 2, 3, 9], np.int32)
    run(kernel, a)
    assert a.tolist() == [6, 0, 18, 8]


def test_rebinding_in_one_block_and_in_successive_blocks():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
        with T.Kernel(1):
            x = n + 1
            x = x * 2
            A[0] = x
            for i in range(2):
                y = i + x
                A[1] = y
            for i in range(2):
                y = i - x
                A[2] = y

    a = ints(4)
    run(kernel, a, 3)
    assert a.tolist() == [8, 9, -7, 0]


def test_python_values_may_change_in_compile_time_loops_inside_run_time_loops():
    @T.prim_func
    def kernel(A: T.Tensor((4, 3), "int32")):
        with T.Kernel(1):
            for i in range(4):
                position = 0
                for value in (5, 6, 7):
                    A[i, position] = value
                    position += 1  # noqa: SIM113

    a = ints(4, 3)
    run(kernel, a)
    assert a.tolist() == [[5, 6, 7]] * 4


def test_slices_on_the_left_are_filled_or_copied_into():
    @T.prim_func
    def kernel(A: T.Tensor((4, 4), "int32"), B: T.Tensor((2, 4), "int32")):
        with T.Kernel(1):
            A[0:2, 1:3] = 7
            A[2:4, :] = B

    a, b = ints(4, 4), np.arange(8, dtype=np.int32).reshape(2, 4)
    run(kernel, a, b)
    assert a.tolist() == [[0, 7, 7, 0], [0, 7, 7, 0], [0, 1, 2, 3], [4, 5, 6, 7]]


@pytest.mark.parametrize("loop", ["for", "if", "while"])
def test_changing_a_bound_name_in_a_loop_or_branch(loop):
    def body(A, n):
        total = A[0]
        if loop == "for":
            for i in range(n):
                total = total + i
        elif loop == "if":
            if n > 2:
                total = 0
        else:
            while A[0] < n:
                total += 1
        A[1] = total

    expand = T.macro(body)
    with pytest.raises(errors.ImmutableValueError, match="`total`") as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
            with T.Kernel(1):
                expand(A, n)

    assert "T.alloc_var" in caught.value.remedy


def test_a_python_flag_set_under_a_run_time_condition():
    with pytest.raises(errors.ImmutableValueError, match="`seen`"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
            with T.Kernel(1):
                seen = False
                if n > 2:
                    seen = True
                A[0] = 1 if seen else 2


@pytest.mark.parametrize("use", ["after_if", "after_for", "before"])
def test_names_without_a_value(use):
    def body(A, n):
        if use == "before":
            A[0] = late  # noqa: F821
        if n > 0:
            late = 1
        for i in range(n):
            last = i
        if use == "after_if":
            A[0] = late
        if use == "after_for":
            A[0] = last

    expand = T.macro(body)
    with pytest.raises(errors.UndefinedValueError):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
            with T.Kernel(1):
                expand(A, n)


def test_loop_variables_are_not_assigned():
    with pytest.raises(errors.LoopVariableAssignError, match="`i`"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                for i in range(4):
                    i = i + 1
                    A[i] = 0


def test_unknown_names_are_explained():
    size = 4
    with pytest.raises(errors.UnknownNameError, match="`sise`") as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                A[size - 1] = sise  # noqa: F821

    assert caught.value.remedy == "did you mean `size`?"
    assert "A[size - 1] = sise" in str(caught.value)


@pytest.mark.parametrize("values", [1, 3])
def test_unpacking_the_wrong_number(values):
    with pytest.raises(errors.UnpackError, match="cannot be unpacked"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                a, b = [A[0]] * values
                A[0] = a + b
