"""Every operator of the language is run on every back end that can have it."""

import pytest

import tilescale.language as T
from tests.operators import cases, exceptions

OPERATORS = sorted(name for name in T.__all__ if exceptions.is_operator(name))


@pytest.mark.parametrize("back_end", cases.EVERYWHERE)
@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_is_run(operator, back_end):
    if exceptions.reason(operator, back_end) is None:
        assert cases.case_on(operator, back_end), (
            f"no test runs T.{operator} on {back_end}: add it to one that calls kernel_run.run, or "
            "say in tests/operators/exceptions.py why it cannot"
        )


def test_exceptions_are_needed():
    for operators, back_ends, _ in exceptions.EXCEPTIONS:
        for operator in operators.split():
            assert operator in OPERATORS
            for back_end in back_ends:
                assert cases.case_on(operator, back_end) is None, (operator, back_end)


def write(tmp_path, text):
    path = tmp_path / "sample_test.py"
    path.write_text(text)
    return cases.Module(path)


def test_what_a_test_reaches_counts(tmp_path):
    module = write(
        tmp_path,
        """
KINDS = ["sum", "max"]

def helper(kind):
    return getattr(T, f"reduce_{kind}")

def test_it():
    helper(KINDS[0])
    T.copy(a, b)
    kernel_run.run(kernel, [])

def test_only_text():
    T.clear(a)
    tilescale.lower(kernel)
""",
    )
    statements = module.reachable("test_it")
    assert cases.operators_of(statements) == {"reduce_sum", "reduce_max", "copy"}
    assert cases.back_ends_of(statements) == set(cases.EVERYWHERE)
    assert not cases.back_ends_of(module.reachable("test_only_text"))


def test_kernels_that_are_refused_do_not_count(tmp_path):
    module = write(
        tmp_path,
        """
def test_refused():
    with pytest.raises(errors.TileScaleError):
        tilescale.compile(kernel, target="cpu")

def test_run():
    tilescale.compile(kernel, target="cpu")(a)
""",
    )
    assert not cases.back_ends_of(module.reachable("test_refused"))
    assert cases.back_ends_of(module.reachable("test_run")) == {"cpu"}
