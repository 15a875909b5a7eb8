"""Source positions of statements and errors."""

import inspect
import linecache

import pytest

import tilescale.language as T
from tilescale import errors, ir


def line_of(text, function):
    """The line of this file, inside `function`, that contains `text`."""
    lines, first = inspect.getsourcelines(function)
    return next(first + i for i, line in enumerate(lines) if text in line and "line_of" not in line)


def text_at(span):
    """The source text that a span covers."""
    line = linecache.getline(str(span.file), span.line)
    return line[span.col - 1 : span.end_col - 1] if span.line == span.end_line else line


@T.macro
def inner(buffer):
    buffer[0] = 1


@T.macro
def outer(buffer):
    inner(buffer)


def test_statements_know_their_line_and_columns():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(2) as bx:
            x = bx + 1
            A[x] = bx * 2
            for i in T.serial(3):
                A[i] += 1

    bind, store, loop = kernel.body.body.stmts
    assert text_at(bind.span) == "x = bx + 1"
    assert text_at(store.span) == "A[x] = bx * 2"
    assert text_at(loop.span) == "T.serial(3)"
    assert text_at(loop.body.span) == "A[i] += 1"
    assert text_at(kernel.body.span) == "T.Kernel(2)"
    assert bind.span.line == line_of("x = bx + 1", test_statements_know_their_line_and_columns)
    assert str(bind.span.file) == __file__
    assert bind.span.caller is None


def test_macros_leave_a_chain_of_callers():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            outer(A)

    span = kernel.body.body.span
    chain = []
    while span is not None:
        chain.append(text_at(span))
        span = span.caller
    assert chain == ["buffer[0] = 1", "inner(buffer)", "outer(A)"]


def test_columns_count_characters():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            größe = 3; A[größe] = 1  # fmt: skip  # noqa: E702

    assert text_at(kernel.body.body.span) == "A[größe] = 1"


def test_errors_show_the_line_with_a_caret():
    with pytest.raises(errors.IndexCountError) as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4, 4), "int32")):
            with T.Kernel(1):
                A[1] = 2

    lines = str(caught.value).splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith("A[1] = 2"))
    column = lines[at].index("A[1] = 2")
    assert lines[at + 1][column:] == "^^^^^^^^"


def test_errors_in_macros_show_the_call():
    @T.macro
    def wrong(buffer):
        buffer[99] = 1

    with pytest.raises(errors.IndexRangeError) as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                wrong(A)

    span = caught.value.span
    assert span.line == line_of("buffer[99]", test_errors_in_macros_show_the_call)
    assert span.inlined_from.line == line_of("wrong(A)", test_errors_in_macros_show_the_call)
    assert "inlined from" in str(caught.value)


def test_spans_do_not_take_part_in_equality():
    def make():
        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                A[0] = 1

        return kernel

    def same():
        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                A[0] = 1

        return kernel

    assert ir.structural_equal(make(), same())


def test_calls_with_wrong_arguments_are_explained():
    with pytest.raises(errors.CallError, match=r"copy.*missing 1 required") as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                T.copy(A)

    assert text_of(caught.value.span) == "T.copy(A)"


def test_python_errors_tell_where_the_kernel_was():
    with pytest.raises(KeyError) as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                A[0] = {}["missing"]

    assert "while tracing the kernel `kernel`" in caught.value.__notes__[0]
    assert '{}["missing"]' in caught.value.__notes__[0]


def text_of(span):
    """The source text that the span of an error covers."""
    return linecache.getline(span.file, span.line)[span.column - 1 : span.end_column - 1]


def test_unknown_attributes_are_explained():
    with pytest.raises(errors.UnknownAttributeError, match="`shpe`") as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                A[0] = A.shpe[0]

    assert caught.value.remedy == "did you mean `shape`?"


def test_functions_know_the_line_of_their_definition():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            A[0] = 1

    assert text_at(kernel.span) == "kernel"
    assert "def kernel(A" in linecache.getline(__file__, kernel.span.line)
