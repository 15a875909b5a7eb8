"""Canonical forms, by example."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from exprs import text

from tilescale import arith, ir

Make = Callable[[ir.Var, ir.Var, ir.Var], ir.Expr]

# x in [0, 1000], y in [0, 15], n in [1, 1000], all int32.
CASES: list[tuple[Make, str]] = [
    (lambda x, y, n: x + y - x, "y"),
    (lambda x, y, n: (x + 1) + (x + 2), "add(mul(x, 2), 3)"),
    (lambda x, y, n: 5 - (3 - x), "add(x, 2)"),
    (lambda x, y, n: x * 4 - x * 6, "mul(x, -2)"),
    (lambda x, y, n: x * n - n * x, "0"),
    (lambda x, y, n: (x << 3) + x, "mul(x, 9)"),
    (lambda x, y, n: (x * 16 + y) // 16, "x"),
    (lambda x, y, n: (x * 16 + y) % 16, "y"),
    (lambda x, y, n: (x * 32 + y + 16) // 16, "add(mul(x, 2), 1)"),
    (lambda x, y, n: (x * 16 + n) // 16, "add(x, floordiv(n, 16))"),
    (lambda x, y, n: (x * 4 + y * 8 + 3) // 12, "floordiv(add(x, mul(y, 2)), 3)"),
    (lambda x, y, n: (x * 4 + y * 8) % 12, "mul(floormod(add(x, mul(y, 2)), 3), 4)"),
    (lambda x, y, n: x // 4 // 8, "floordiv(x, 32)"),
    (lambda x, y, n: x % 32 // 8, "floormod(floordiv(x, 8), 4)"),
    (lambda x, y, n: x % 32 % 8, "floormod(x, 8)"),
    (lambda x, y, n: x // 8 * 8 + x % 8, "x"),
    (lambda x, y, n: x - x // 8 * 8, "floormod(x, 8)"),
    (lambda x, y, n: (y * n + n) // n, "add(y, 1)"),
    (lambda x, y, n: (y * n + x) % n, "floormod(x, n)"),
    (lambda x, y, n: (x * n + y) // n, "add(x, floordiv(y, n))"),
    (lambda x, y, n: ir.make_binary("truncdiv", x, n), "floordiv(x, n)"),
    (lambda x, y, n: ir.make_binary("min", x, x + y), "x"),
    (lambda x, y, n: ir.make_binary("max", x - 5, x), "x"),
    (lambda x, y, n: ir.make_binary("min", y, 15), "y"),
    (lambda x, y, n: ir.make_binary("min", y, 14), "min(y, 14)"),
    (lambda x, y, n: x + 3 < y + 3, "lt(x, y)"),
    (lambda x, y, n: x * 4 < 10, "lt(x, 3)"),
    (lambda x, y, n: x * 4 + 2 == 8, "0"),
    (lambda x, y, n: x + y < x + 16, "1"),
    (lambda x, y, n: x < 3, "lt(x, 3)"),
    (lambda x, y, n: x // 16 < 5, "lt(x, 80)"),
    (lambda x, y, n: ir.make_not(x < n), "ge(x, n)"),
    (lambda x, y, n: ir.make_binary("and", x < n, x < n), "lt(x, n)"),
    (lambda x, y, n: ir.make_binary("and", x < n, x >= n), "0"),
    (lambda x, y, n: ir.make_binary("or", x < n, x >= n), "1"),
    (lambda x, y, n: ir.make_select(x < 8, x // 8, y), "select(lt(x, 8), 0, y)"),
    (lambda x, y, n: ir.make_select(x < y, x, y), "min(x, y)"),
    (lambda x, y, n: (x & 1023) + 0, "x"),
    (lambda x, y, n: x.astype("int64").astype("int32"), "x"),
    (lambda x, y, n: x + 1 > x, "1"),
]


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_form(make: Make, expected: str) -> None:
    x, y, n = (ir.Var(name, "int32") for name in ("x", "y", "n"))
    simple = arith.simplify(make(x, y, n), {x: (0, 1000), y: (0, 15), n: (1, 1000)})
    assert text(simple) == expected


# What must not change: without ranges, anything may wrap around.
KEPT: list[Make] = [
    lambda x, y, n: (x * 16 + y) // 16,
    lambda x, y, n: (x * n) // n,
    lambda x, y, n: x + 1 > x,
    lambda x, y, n: x + 3 < y + 3,
    lambda x, y, n: ir.make_binary("min", x, x + 1),
    lambda x, y, n: x // x,
    lambda x, y, n: ir.make_binary("truncdiv", x, n),
    lambda x, y, n: x.astype("int8").astype("int32"),
]


@pytest.mark.parametrize("make", KEPT)
def test_kept_where_it_may_wrap(make: Make) -> None:
    x, y, n = (ir.Var(name, "int32") for name in ("x", "y", "n"))
    expr = make(x, y, n)
    assert text(arith.simplify(expr)) == text(expr)


def _binary(name: str, a: ir.Expr, b: ir.Expr) -> ir.Expr:
    return ir.Binary(a.dtype, ["add", "sub", "mul", "div"].index(name), a, b)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_floats_change_by_exact_identities_only(dtype: str) -> None:
    x, one, zero = ir.Var("x", dtype), ir.const(1.0, dtype), ir.const(0.0, dtype)
    for same in (_binary("mul", x, one), _binary("mul", one, x), _binary("div", x, one)):
        assert arith.simplify(same).same_as(x)
    assert arith.simplify(_binary("sub", x, zero)).same_as(x)
    # -0 + 0 is +0; inf - inf, inf * 0 and NaN are not 0.
    for other in (_binary("add", x, zero), _binary("sub", x, x), _binary("mul", x, zero)):
        assert isinstance(arith.simplify(other), ir.Binary)
    less = ir.Binary("bool", 12, x, x)
    assert isinstance(arith.simplify(ir.Not(less)), ir.Not)


def test_a_guarded_division_stays_guarded() -> None:
    x, y = ir.Var("x", "int32"), ir.Var("y", "int32")
    guarded = ir.make_select(y != 0, x // y, 0)
    assert text(arith.simplify(guarded)) == text(guarded)


def test_unchanged_expressions_are_returned_as_they_are() -> None:
    x, n = ir.Var("x", "int32"), ir.Var("n", "int32")
    expr = ir.make_select(x < n, x * 4 + 1, n)
    assert arith.simplify(expr).same_as(expr)
