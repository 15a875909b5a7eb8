"""For each rule of each stage's specification: a function that breaks exactly that rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tilescale import ir

STAGES = ("tile", "scheduled", "mapped", "thread")

N = ir.Var("n", "int32")
BX = ir.Var("bx", "int32")
ZERO, ONE, FOUR = (ir.const(v, "int32") for v in (0, 1, 4))
A = ir.Buffer("A", "float32", [N, FOUR], [], "global")
FREE = ir.Var("free", "int32")
FREE_BUFFER = ir.Buffer("lost", "float32", [FOUR], [], "shared")


def _func(
    *body: ir.Stmt,
    params: tuple[object, ...] = (A,),
    roles: tuple[str, ...] = ("input",),
    grid: tuple[ir.Var, ...] = (BX,),
    threads: tuple[ir.Expr, ...] = (),
    beside: tuple[ir.Stmt, ...] = (),
) -> ir.PrimFunc:
    loop = ir.TileLoop(grid, [N] * len(grid), threads, ir.Seq(body, None), {}, None)
    whole = ir.Seq([*beside, loop], None) if beside else loop
    return ir.PrimFunc("f", [N], params, roles, whole, {}, None)


def _store(value: ir.Expr, *indices: ir.Expr) -> ir.Stmt:
    return ir.Store(A, indices or (BX, ZERO), value, None)


def _raw(kind: str, a: ir.Expr, b: ir.Expr, dtype: str) -> ir.Expr:
    """A binary node as no constructor function would build it."""
    kinds = {ir.binary_name(k): k for k in range(23)}
    return ir.Binary(dtype, kinds[kind], a, b)


def _for(var: ir.Var, body: ir.Stmt, *, step: ir.Expr = ONE, kind: int = 0) -> ir.Stmt:
    return ir.For(var, ZERO, N, step, kind, body, {}, None)


def _alloc(scope: str, shape: list[ir.Expr], init: ir.Expr | None = None) -> ir.Stmt:
    return ir.Alloc(ir.Buffer("b", "float32", shape, [], scope), init, None)


F = ir.const(1.0, "float32")
INDEX = ir.Var("i", "int32")
J = ir.Var("j", "int32")
K = ir.Var("k", "int32")
EMPTY = ir.Seq([], None)
NOP = ir.Evaluate(ir.make_call("foreign", [], {}, "int32"), None)
COPY = ir.op.Copy(ir.full_region(A), ir.full_region(A), {}, None)


def _pipeline(
    stages: list[int],
    order: list[int],
    atoms: list[str],
    body: ir.Stmt = NOP,
    channels: Sequence[ir.Channel] = (),
) -> ir.Stmt:
    return ir.Pipeline(K, ZERO, N, ONE, stages, order, atoms, channels, body, {}, None)


def _staged(stages: list[int], depth: int) -> ir.PrimFunc:
    """A copy to a channel in one stage, and one from it in another."""
    tile = ir.Buffer("tile", "float32", [N, FOUR], [], "shared")
    ends = ir.full_region(A), ir.full_region(tile)
    body = ir.Seq([ir.op.Copy(*pair, {}, None) for pair in (ends, ends[::-1])], None)
    pipeline = _pipeline(stages, [0, 1], ["", ""], body, [ir.Channel(tile, depth)])
    return _func(ir.Alloc(tile, None, None), pipeline)


BREACHES: dict[str, Callable[[], ir.PrimFunc]] = {
    "var-in-scope": lambda: _func(_store(F, FREE, ZERO)),
    "buffer-in-scope": lambda: _func(ir.Store(FREE_BUFFER, [ZERO], F, None)),
    "declared-once": lambda: _func(_for(INDEX, NOP), _for(INDEX, NOP)),
    "param-scope": lambda: _func(params=(FREE_BUFFER,)),
    "param-role": lambda: _func(roles=("scalar",)),
    "alloc-scope": lambda: _func(_alloc("global", [FOUR])),
    "var-buffer": lambda: _func(_alloc("var", [FOUR])),
    "operand-types": lambda: _func(_store(_raw("add", F, ir.const(1.0, "float64"), "float32"))),
    "result-types": lambda: _func(ir.Bind(K, _raw("lt", N, FOUR, "int32"), None)),
    "condition-type": lambda: _func(ir.While(N, NOP, None)),
    "index-rank": lambda: _func(_store(F, BX)),
    "stored-type": lambda: _func(_store(ir.const(1, "int32"))),
    "loop-bounds": lambda: _func(_for(INDEX, NOP, step=ZERO)),
    "buffer-shape": lambda: _func(_alloc("shared", [F])),
    "call-arity": lambda: _func(_store(ir.Call("float32", "exp", [F, F], {}))),
    "break-in-loop": lambda: _func(ir.Break(None)),
    "grids": lambda: _func(beside=(NOP,)),
    "no-nested-grid": lambda: _func(ir.TileLoop([INDEX], [N], [], EMPTY, {}, None)),
    "grid-rank": lambda: _func(grid=(BX, INDEX, J, K)),
    "parallel-body": lambda: _func(ir.Parallel([INDEX], [N], COPY, {}, None)),
    "no-tile-op": lambda: _func(COPY),
    "no-parallel": lambda: _func(ir.Parallel([INDEX], [N], NOP, {}, None)),
    "no-annotate": lambda: _func(ir.Annotate("hint", None, None, None)),
    "no-pipelined": lambda: _func(_for(INDEX, NOP, kind=3)),
    "no-region": lambda: _func(
        ir.Evaluate(ir.Call("bool", "foreign", [ir.full_region(A)], {}), None)
    ),
    "no-pipeline": lambda: _func(_pipeline([0], [0], [""])),
    "pipeline-lists": lambda: _func(_pipeline([0, 1], [0], [""])),
    "channel-scope": lambda: _func(_pipeline([0], [0], [""], channels=[ir.Channel(A, 2)])),
    "channel-depth": lambda: _staged(stages=[0, 2], depth=2),
    "fragment-layout": lambda: _func(_alloc("fragment", [FOUR])),
    "loop-layout": lambda: _func(ir.Parallel([INDEX], [FOUR], NOP, {}, None)),
}

# More ways to break a rule that has several clauses.
MORE: list[tuple[str, Callable[[], ir.PrimFunc]]] = [
    ("var-in-scope", lambda: _func(ir.Seq([ir.Bind(K, N, None)], None), _store(F, K, ZERO))),
    ("declared-once", lambda: _func(params=(A, A), roles=("input", "input"))),
    ("param-role", lambda: _func(roles=())),
    ("var-buffer", lambda: _func(_alloc("shared", [FOUR], F))),
    ("operand-types", lambda: _func(ir.While(_raw("and", N, N, "bool"), NOP, None))),
    ("operand-types", lambda: _func(ir.Bind(K, _raw("div", N, FOUR, "int32"), None))),
    ("result-types", lambda: _func(_store(ir.Select("float32", N < 4, F, N)))),
    ("condition-type", lambda: _func(ir.Assume(N, None))),
    ("index-rank", lambda: _func(_store(F, BX, F))),
    ("stored-type", lambda: _func(ir.Bind(K, F, None))),
    ("break-in-loop", lambda: _func(_for(INDEX, ir.Parallel([J], [N], ir.Break(None), {}, None)))),
    ("grids", lambda: ir.PrimFunc("f", [N], [A], ["input"], EMPTY, {}, None)),
    ("grid-rank", lambda: _func(threads=(FOUR, FOUR, FOUR, FOUR))),
    ("pipeline-lists", lambda: _func(_pipeline([-1], [0], [""]))),
    (
        "pipeline-lists",
        lambda: _func(_pipeline([0, 0], [1, 1], ["", ""], ir.Seq([NOP, NOP], None))),
    ),
    ("break-in-loop", lambda: _func(_pipeline([0], [0], [""]), ir.Break(None))),
]

RULES = {rule.name: rule for rule in ir.spec_rules()}


def _stages(rule: str) -> list[str]:
    return [stage for stage in STAGES if getattr(RULES[rule], stage)]


CASES = [(rule, stage, build) for rule, build in BREACHES.items() for stage in _stages(rule)]
CASES += [(rule, stage, build) for rule, build in MORE for stage in _stages(rule)]


def test_every_rule_has_a_breach() -> None:
    assert set(BREACHES) == set(RULES)


@pytest.mark.parametrize(("rule", "stage", "build"), CASES)
def test_a_breach_is_found(rule: str, stage: str, build: Callable[[], ir.PrimFunc]) -> None:
    found = {breach.split(":")[0] for breach in ir.check_spec(build(), stage)}
    assert rule in found
    # Stage rules may be broken as well by what a breach is made of; no other rule may.
    assert {name for name in found if not name.startswith("no-")} <= {rule}


@pytest.mark.parametrize("stage", STAGES)
def test_a_legal_function_has_none(stage: str) -> None:
    loop = _for(INDEX, ir.If(INDEX < 3, ir.Break(None), None, None))
    func = _func(ir.Bind(K, N + 1, None), loop, _store(F), threads=(FOUR,))
    assert ir.check_spec(func, stage) == []


def test_a_legal_pipeline_has_none() -> None:
    assert ir.check_spec(_staged(stages=[0, 2], depth=3), "scheduled") == []
