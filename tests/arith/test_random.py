"""Random expressions: what the analyses say is compared with evaluation at every point."""

from __future__ import annotations

import pytest
from exprs import INT_TYPES, Env, Sampler, Undefined, meaning, text, type_range, widened, wrap
from hypothesis import given, settings
from hypothesis import strategies as st

from tilescale import arith, ir

SEEDS = st.integers(0, 2**32 - 1)
TYPES = st.sampled_from(INT_TYPES)
FIXED = settings(max_examples=250, deadline=None, derandomize=True)


def _defined(expr: ir.Expr, sampler: Sampler) -> list[tuple[Env, int]]:
    value_at = meaning(expr)
    found = []
    for env in sampler.points():
        try:
            found.append((env, value_at(env)))
        except Undefined:
            continue
    return found


@FIXED
@given(SEEDS, TYPES, st.integers(1, 4), st.booleans())
def test_simplify_keeps_the_value(seed: int, dtype: str, depth: int, boolean: bool) -> None:
    sampler = Sampler(seed, dtype)
    expr = sampler.boolean(depth) if boolean else sampler.integer(depth)
    simple = arith.simplify(expr, sampler.ranges)
    value_at = meaning(simple)
    assert str(simple.dtype) == str(expr.dtype)
    for env, expected in _defined(expr, sampler):
        assert value_at(env) == expected, f"{text(expr)} -> {text(simple)} at {env}"


@FIXED
@given(SEEDS, TYPES, st.integers(1, 4))
def test_bounds_contain_every_value(seed: int, dtype: str, depth: int) -> None:
    sampler = Sampler(seed, dtype)
    expr = sampler.integer(depth)
    low, high = arith.bounds(expr, sampler.ranges)
    for env, value in _defined(expr, sampler):
        value = min(value, 2**63 - 1)
        assert low <= value <= high, f"{text(expr)} in [{low}, {high}] at {env}"


@FIXED
@given(SEEDS, TYPES, st.integers(1, 3))
def test_what_is_proved_is_true(seed: int, dtype: str, depth: int) -> None:
    sampler = Sampler(seed, dtype)
    for cond in (sampler.boolean(depth) for _ in range(4)):
        if arith.can_prove(cond, sampler.ranges):
            for env, value in _defined(cond, sampler):
                assert value, f"{text(cond)} at {env}"


@FIXED
@given(SEEDS, TYPES, st.integers(0, 3))
def test_what_is_proved_from_assumptions_is_true(seed: int, dtype: str, depth: int) -> None:
    sampler = Sampler(seed, dtype, num_vars=3, points=5)
    facts = [sampler.boolean(depth), sampler.boolean(depth)]
    analyzer = arith.Analyzer()
    for var, (low, high) in sampler.ranges.items():
        analyzer.bind(var, low, high)
    for fact in facts:
        analyzer.assume(fact)
    holds = [meaning(fact) for fact in facts]
    for cond in (sampler.boolean(depth) for _ in range(4)):
        if not analyzer.can_prove(cond):
            continue
        for env, value in _defined(cond, sampler):
            try:
                relevant = all(fact(env) for fact in holds)
            except Undefined:
                continue
            assert value or not relevant, f"{text(cond)} from {[text(f) for f in facts]}"


@FIXED
@given(SEEDS, TYPES, st.integers(1, 3), st.integers(1, 16))
def test_alignment_is_true(seed: int, dtype: str, depth: int, modulus: int) -> None:
    sampler = Sampler(seed, dtype)
    analyzer = arith.Analyzer()
    for var, (low, high) in sampler.ranges.items():
        analyzer.bind(var, low, high)
    expr = sampler.integer(depth)
    residue = analyzer.alignment(expr, modulus)
    if residue is not None:
        assert all(value % modulus == residue for _, value in _defined(expr, sampler))


@pytest.mark.parametrize("dtype", INT_TYPES)
def test_unbound_variables_range_over_their_type(dtype: str) -> None:
    low, high = type_range(dtype)
    assert arith.bounds(ir.Var("x", dtype)) == (low, min(high, 2**63 - 1))


@FIXED
@given(SEEDS, TYPES, st.integers(1, 4), st.booleans())
def test_simplify_is_idempotent(seed: int, dtype: str, depth: int, boolean: bool) -> None:
    sampler = Sampler(seed, dtype)
    expr = sampler.boolean(depth) if boolean else sampler.integer(depth)
    once = arith.simplify(expr, sampler.ranges)
    assert text(arith.simplify(once, sampler.ranges)) == text(once), text(expr)


@settings(FIXED, max_examples=150)
@given(SEEDS, TYPES, st.integers(1, 3))
def test_what_z3_proves_is_true(seed: int, dtype: str, depth: int) -> None:
    sampler = Sampler(seed, dtype, points=5)
    analyzer = arith.Analyzer(rlimit=5000)
    for var, (low, high) in sampler.ranges.items():
        analyzer.bind(var, low, high)
    for _ in range(4):
        # A condition that is often true: the value lies in the range that it has.
        expr = sampler.integer(depth)
        values = [value for _, value in _defined(expr, sampler)] or [0]
        bound = ir.IntImm(dtype, wrap(sampler.random.choice([min(values), max(values)]), "int64"))
        for cond in (expr >= bound, expr <= bound, expr != bound, sampler.boolean(depth)):
            if analyzer.ask_z3(cond):
                assert all(value for _, value in _defined(cond, sampler)), text(cond)


@FIXED
@given(SEEDS, st.integers(1, 3))
def test_index_width_keeps_the_value(seed: int, depth: int) -> None:
    sampler = Sampler(seed, "int16")
    expr = sampler.integer(depth)
    analyzer = arith.Analyzer(rlimit=0)
    for var, (low, high) in sampler.ranges.items():
        analyzer.bind(var, low, high)
    if analyzer.index_width(expr) is None:
        return
    exact = meaning(widened(expr))
    for env, value in _defined(expr, sampler):
        assert exact(env) == value, f"{text(expr)} at {env}"
