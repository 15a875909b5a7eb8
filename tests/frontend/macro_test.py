"""Macros, closures, nested functions, and compile-time classes."""

import kernel_run
import numpy as np
import pytest

import tilescale.language as T
from tilescale import errors, ir

GLOBAL_OFFSET = 3


def run(func, *arrays):
    return kernel_run.run(func, list(arrays))


def ints(*shape):
    return np.zeros(shape, np.int32)


@T.macro
def scaled(buffer, factor, bias=1):
    """Macro with a default, a loop, and a local name that callers use too."""
    total = factor * 2
    for i in T.Parallel(buffer.shape[0]):
        buffer[i] = buffer[i] * total + bias
    return total


def test_macros_are_hygienic_and_return_values():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
        with T.Kernel(1):
            total = n + 1
            result = scaled(A, n, bias=5)
            A[0] = total
            A[1] = result

    a = np.ones(4, np.int32)
    run(kernel, a, 3)
    assert a.tolist() == [4, 6, 11, 11]


def test_references_are_assigned_through():
    @T.macro
    def bump(x: T.Ref, amount):
        x += amount
        x = x * 2

    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            v = T.alloc_var("int32", init=1)
            bump(v, 2)
            bump(A[2], v)
            A[0] = v

    a = ints(4)
    run(kernel, a)
    assert a.tolist() == [6, 0, 12, 0]


def test_arguments_are_evaluated_once_at_the_call():
    @T.macro
    def overwrite(buffer, value):
        buffer[0] = 50
        buffer[1] = value

    @T.prim_func
    def kernel(A: T.Tensor((2,), "int32")):
        with T.Kernel(1):
            overwrite(A, A[0])

    a = np.array([7, 0], np.int32)
    run(kernel, a)
    assert a.tolist() == [50, 7]


def test_macros_with_several_results_and_early_compile_time_returns():
    @T.macro
    def pick(x, mode):
        if mode == "both":
            return x, x + 1
        return x, 0

    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
        with T.Kernel(1):
            A[0], A[1] = pick(n * 1 + 0, "both")
            a, b = pick(n, "one")
            A[2] = a
            A[3] = b

    a = ints(4)
    run(kernel, a, 8)
    assert a.tolist() == [8, 9, 8, 0]


def test_a_macro_may_return_a_mutable_scalar():
    @T.macro
    def counter(start):
        value = T.alloc_var("int32", init=start)
        value += 1
        return value

    @T.prim_func
    def kernel(A: T.Tensor((2,), "int32")):
        with T.Kernel(1):
            first = counter(4)
            second = counter(10)
            first += second
            A[0] = first
            A[1] = second

    a = ints(2)
    run(kernel, a)
    assert a.tolist() == [16, 11]


def test_closures_globals_nested_functions_and_lambdas():
    outer = 10

    def make(step):
        @T.prim_func
        def kernel(A: T.Tensor((6,), "int32")):
            with T.Kernel(1):

                def helper(x, extra=2):
                    y = x + outer
                    return y + extra

                double = lambda x: x * 2 if x is not None else 0  # noqa: E731
                for i in range(0, 6, step):
                    A[i] = helper(double(i)) + GLOBAL_OFFSET

        return kernel

    for step in (1, 2):
        a = ints(6)
        run(make(step), a)
        assert a.tolist() == [i * 2 + 15 if i % step == 0 else 0 for i in range(6)]


def test_recursion_ends_on_a_compile_time_condition():
    @T.macro
    def fill_from(buffer, i):
        if i < 3:
            buffer[i] = i + 1
            fill_from(buffer, i + 1)

    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            fill_from(A, 0)

    a = ints(4)
    run(kernel, a)
    assert a.tolist() == [1, 2, 3, 0]


def test_endless_recursion():
    @T.macro
    def again(buffer, i):
        if i < 3:
            again(buffer, i)

    with pytest.raises(errors.MacroRecursionError, match="without end"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
            with T.Kernel(1):
                again(A, n)


def test_wrong_arguments_of_a_macro():
    with pytest.raises(errors.MacroArgumentError, match="scaled"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                scaled(A)


def test_a_reference_needs_something_to_assign_to():
    @T.macro
    def bump(x: T.Ref):
        x += 1

    with pytest.raises(errors.MacroArgumentError, match="cannot be assigned"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
            with T.Kernel(1):
                bump(n)


def test_return_under_a_run_time_condition():
    @T.macro
    def early(x):
        if x > 0:
            return 1
        return 0

    with pytest.raises(errors.ReturnError, match="decided at run time"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
            with T.Kernel(1):
                A[0] = early(n)


def test_meta_class_methods_and_properties_are_macros():
    @T.meta_class
    class Cursor:
        def __init__(self, start):
            self.position = T.alloc_var("int32", init=start)
            self.step = 2

        @property
        def inside(self):
            return self.position < 7

        def advance(self):
            if self.inside:
                self.position += self.step

    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            cursor = Cursor(1)
            while cursor.inside:
                A[cursor.position] = 1
                cursor.advance()
            cursor.position = 0
            A[cursor.position] = 5

    a = ints(8)
    run(kernel, a)
    assert a.tolist() == [5, 1, 0, 1, 0, 1, 0, 0]


def test_outside_of_a_kernel_a_macro_is_a_function():
    @T.macro
    def twice(x):
        return x * 2

    assert twice(4) == 8


def test_plain_python_functions_may_use_the_language():
    def store_twice(buffer, index):
        buffer[index] = 1
        T.copy(buffer[index], buffer[index + 1])

    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            store_twice(A, 2)

    assert [type(s) for s in kernel.body.body.stmts] == [ir.Store, ir.Store]
    a = ints(4)
    run(kernel, a)
    assert a.tolist() == [0, 0, 1, 1]


def test_compile_time_classes_have_private_names_and_bases():
    @T.meta_class
    class Base:
        def __init__(self, start):
            self.__position = start

        def where(self):
            return self.__position + 1

    @T.meta_class
    class Derived(Base):
        def __init__(self, start):
            super().__init__(start * 2)
            self.__position = T.alloc_var("int32", init=5)

        def where(self):
            self.__position += 1
            return super().where() + self.__position

    @T.prim_func
    def kernel(A: T.Tensor((2,), "int32")):
        with T.Kernel(1):
            item = Derived(10)
            A[0] = item.where()
            A[1] = item.where()

    a = ints(2)
    run(kernel, a)
    assert a.tolist() == [27, 28]
