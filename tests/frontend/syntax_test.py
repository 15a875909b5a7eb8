"""Python constructs that kernels may not use, and functions that cannot be traced."""

import pytest

import tilescale.language as T
from tilescale import errors
from tilescale.frontend import trace


def with_class(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):

        class Inner:
            pass

        A[0] = 1


def with_try(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        try:
            A[0] = 1
        except ValueError:
            A[0] = 2


def with_yield(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        yield A[0]


def with_delete(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        x = A[0]
        del x


def with_global(A: T.Tensor((4,), "int32")):
    global GLOBAL
    with T.Kernel(1):
        GLOBAL = 1


def with_import(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        import math

        A[0] = math.floor(1.5)


def with_match(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        match 3:
            case 3:
                A[0] = 1


def with_starred_target(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        first, *rest = [1, 2, 3]
        A[0] = first + rest[0]


async def with_async(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        A[0] = 1


def with_while_else(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        i = 0
        while i < 3:
            i += 1
        else:
            A[0] = 1


def with_walrus_in_lambda(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        f = lambda x: (y := x) + y  # noqa: E731
        A[0] = f(1)


def with_loop_else(A: T.Tensor((4,), "int32")):
    with T.Kernel(1):
        for i in range(4):
            A[i] = 1
        else:
            A[0] = 2


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (with_class, "a class definition"),
        (with_try, "try/except"),
        (with_yield, "yield"),
        (with_delete, "del"),
        (with_global, "global"),
        (with_import, "import"),
        (with_match, "match"),
        (with_starred_target, "a starred target"),
        (with_async, "async"),
        (with_while_else, "`else` of a while loop"),
        (with_walrus_in_lambda, ":="),
        (with_loop_else, "`else` of a loop"),
    ],
)
def test_unsupported_constructs(function, words):
    with pytest.raises(errors.UnsupportedSyntaxError, match=words) as caught:
        trace(function)
    assert caught.value.remedy
    assert caught.value.span.file == __file__


def test_functions_without_source():
    namespace = {"T": T}
    exec("def f(A: T.Tensor((4,), 'int32')):\n    pass", namespace)
    with pytest.raises(errors.SourceUnavailableError, match="cannot be read"):
        trace(namespace["f"])


def test_lambdas_are_not_kernels():
    with pytest.raises(errors.SourceUnavailableError):
        trace(lambda: None)


def test_parameters_need_annotations():
    def kernel(A, n: "T.int32"):
        with T.Kernel(n):
            A[0] = 1

    with pytest.raises(errors.AnnotationError, match="`A`"):
        trace(kernel)


def test_variable_arguments():
    def kernel(*tensors):
        with T.Kernel(1):
            pass

    with pytest.raises(errors.AnnotationError, match=r"\*args"):
        trace(kernel)


def test_string_annotations_are_evaluated():
    size = 4

    @T.prim_func
    def kernel(A: "T.Tensor((size,), 'int32')", n: "T.int32"):
        with T.Kernel(n):
            A[0] = 1

    assert [int(e) for e in kernel.params[0].shape] == [4]


def test_a_kernel_has_launches_beside_each_other():
    def none(A: T.Tensor((4,), "int32")):
        pass

    def nested(A: T.Tensor((4,), "int32")):
        with T.Kernel(1), T.Kernel(4) as bx:
            A[bx] = 1

    for function in (none, nested):
        with pytest.raises(errors.KernelCountError):
            trace(function)
