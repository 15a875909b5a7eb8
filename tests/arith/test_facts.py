"""Random facts, scopes and loops: what follows from them is compared with evaluation."""

from __future__ import annotations

from exprs import INT_TYPES, Env, Sampler, Undefined, meaning, text, type_range, wrap
from hypothesis import given, settings
from hypothesis import strategies as st

from tilescale import arith, ir

SEEDS = st.integers(0, 2**32 - 1)
TYPES = st.sampled_from(INT_TYPES)
FIXED = settings(max_examples=150, deadline=None, derandomize=True)


def _holding(sampler: Sampler, facts: list[ir.Expr]) -> list[Env]:
    """The points at which all facts have a meaning and hold."""
    tests = [meaning(fact) for fact in facts]
    found = []
    for env in sampler.points():
        try:
            if all(test(env) for test in tests):
                found.append(env)
        except Undefined:
            continue
    return found


def _analyzer(sampler: Sampler, facts: list[ir.Expr]) -> arith.Analyzer:
    analyzer = arith.Analyzer(rlimit=2000)
    for var, (low, high) in sampler.ranges.items():
        analyzer.bind(var, low, high)
    for fact in facts:
        analyzer.assume(fact)
    return analyzer


@FIXED
@given(SEEDS, TYPES, st.integers(0, 2), st.integers(1, 3))
def test_what_follows_from_facts(seed: int, dtype: str, fact_depth: int, depth: int) -> None:
    sampler = Sampler(seed, dtype, num_vars=3, points=5)
    facts = [sampler.boolean(fact_depth) for _ in range(3)]
    analyzer = _analyzer(sampler, facts)
    points = _holding(sampler, facts)
    for _ in range(3):
        expr = sampler.integer(depth)
        value_at, simple = meaning(expr), analyzer.simplify(expr)
        simple_at, (low, high) = meaning(simple), analyzer.bounds(expr)
        for env in points:
            try:
                value = value_at(env)
            except Undefined:
                continue
            about = f"{text(expr)} -> {text(simple)} at {env} given {[text(f) for f in facts]}"
            assert simple_at(env) == value, about
            assert low <= min(value, 2**63 - 1) <= high, about


@FIXED
@given(SEEDS, TYPES)
def test_scopes_hide_their_facts(seed: int, dtype: str) -> None:
    sampler = Sampler(seed, dtype, num_vars=3, points=5)
    outer, inner = sampler.boolean(1), sampler.boolean(1)
    conds = [sampler.boolean(2) for _ in range(4)]
    analyzer = _analyzer(sampler, [outer])
    for facts in ([outer, inner], [outer]):
        with analyzer.scope(*facts[1:]):
            for cond in conds:
                if not analyzer.can_prove(cond):
                    continue
                holds = meaning(cond)
                for env in _holding(sampler, facts):
                    try:
                        assert holds(env), f"{text(cond)} given {[text(f) for f in facts]}"
                    except Undefined:
                        continue


@FIXED
@given(SEEDS, TYPES, st.integers(-3, 3))
def test_loop_indices(seed: int, dtype: str, step: int) -> None:
    sampler = Sampler(seed, dtype, num_vars=2, points=4)
    if not type_range(dtype)[0] <= step:
        step = -step
    minimum, extent = sampler.integer(1), sampler.integer(1)
    i = ir.Var("i", dtype)
    analyzer = _analyzer(sampler, [])
    analyzer.bind_loop(i, minimum, extent, step)
    low, high = analyzer.bounds(i)
    sampler.ranges[i] = (0, 0)
    conds = [sampler.boolean(1) for _ in range(4)]
    del sampler.ranges[i]
    proved = [meaning(cond) for cond in [i >= minimum, *conds] if analyzer.can_prove(cond)]
    for env in sampler.points():
        try:
            start, count = meaning(minimum)(env), meaning(extent)(env)
        except Undefined:
            continue
        for k in range(min(count, 6)):
            value = wrap(start + k * step, dtype)
            about = f"i = {value} from {text(minimum)}, {text(extent)}, {step} at {env}"
            assert low <= min(value, 2**63 - 1) <= high, about
            for cond in proved:
                try:
                    assert cond({**env, "i": value}), about
                except Undefined:
                    continue


@FIXED
@given(SEEDS, TYPES, st.integers(1, 3))
def test_bound_values(seed: int, dtype: str, depth: int) -> None:
    sampler = Sampler(seed, dtype)
    value = sampler.integer(depth)
    bound = ir.Var("bound", dtype)
    analyzer = _analyzer(sampler, [])
    analyzer.bind_value(bound, value)
    low, high = analyzer.bounds(bound)
    value_at = meaning(value)
    for env in sampler.points():
        try:
            assert low <= min(value_at(env), 2**63 - 1) <= high
        except Undefined:
            continue
    assert analyzer.can_prove(bound == value)
