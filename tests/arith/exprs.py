"""The meaning of expressions in plain Python integers, and random expressions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import numpy as np

from tilescale import ir

ARITHMETIC = ("add", "sub", "mul", "floordiv", "floormod", "truncdiv", "truncmod", "min", "max")
BITWISE = ("bitand", "bitor", "bitxor", "shl", "shr")
COMPARE = ("eq", "ne", "lt", "le", "gt", "ge")
KIND = {ir.binary_name(kind): kind for kind in range(23)}

INT_TYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


class Undefined(Exception):
    """The expression has no meaning here: a division by zero, a shift out of range."""


def type_range(dtype: object) -> tuple[int, int]:
    """The smallest and the largest value of an integer type or bool."""
    name = str(dtype)
    if name == "bool":
        return 0, 1
    info = np.iinfo(name)
    return int(info.min), int(info.max)


def wrap(value: int, dtype: object) -> int:
    """Two's complement."""
    low, high = type_range(dtype)
    return (value - low) % (high - low + 1) + low


def _divide(name: str, a: int, b: int) -> int:
    if b == 0:
        raise Undefined
    if name == "floordiv":
        return a // b
    if name == "floormod":
        return a % b
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return quotient if name == "truncdiv" else a - quotient * b


def _shift(name: str, a: int, b: int, dtype: object) -> int:
    low, high = type_range(dtype)
    if not 0 <= b < (high - low).bit_length():
        raise Undefined
    return a << b if name == "shl" else a >> b


_SIMPLE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "min": min,
    "max": max,
    "eq": lambda a, b: int(a == b),
    "ne": lambda a, b: int(a != b),
    "lt": lambda a, b: int(a < b),
    "le": lambda a, b: int(a <= b),
    "gt": lambda a, b: int(a > b),
    "ge": lambda a, b: int(a >= b),
    "bitand": lambda a, b: a & b,
    "bitor": lambda a, b: a | b,
    "bitxor": lambda a, b: a ^ b,
}

Env = dict[str, int]
"""Values by the variable's name."""

Meaning = Callable[[Env], int]


def _binary(expr: ir.Binary) -> Meaning:
    name, dtype = ir.binary_name(expr.kind), expr.dtype
    a, b = meaning(expr.a), meaning(expr.b)
    if name == "and":
        return lambda env: b(env) if a(env) else 0
    if name == "or":
        return lambda env: 1 if a(env) else b(env)
    if name in ("shl", "shr"):
        return lambda env: wrap(_shift(name, a(env), b(env), dtype), dtype)
    if name in _SIMPLE:
        apply = _SIMPLE[name]
        return lambda env: wrap(apply(a(env), b(env)), dtype)
    return lambda env: wrap(_divide(name, a(env), b(env)), dtype)


def meaning(expr: ir.Expr) -> Meaning:
    """`expr` as a function of its variables' values; raises `Undefined` where it has no meaning."""
    if isinstance(expr, ir.IntImm):
        value = wrap(int(expr.value), expr.dtype)
        return lambda env: value
    if isinstance(expr, ir.Var):
        name = str(expr.name)
        return lambda env: env[name]
    if isinstance(expr, ir.Binary):
        return _binary(expr)
    if isinstance(expr, ir.Not):
        a = meaning(expr.a)
        return lambda env: 1 - a(env)
    if isinstance(expr, ir.Cast):
        value_of, dtype = meaning(expr.value), expr.dtype
        if str(dtype) == "bool":
            return lambda env: int(value_of(env) != 0)
        return lambda env: wrap(value_of(env), dtype)
    assert isinstance(expr, ir.Select), type(expr)
    cond, yes, no = meaning(expr.cond), meaning(expr.a), meaning(expr.b)
    return lambda env: yes(env) if cond(env) else no(env)


def binary(name: str, a: ir.Expr, b: ir.Expr) -> ir.Expr:
    """A node as it is, nothing folded."""
    dtype = "bool" if name in COMPARE or name in ("and", "or") else a.dtype
    return ir.Binary(dtype, KIND[name], a, b)


def select(cond: ir.Expr, a: ir.Expr, b: ir.Expr) -> ir.Expr:
    """A select node, nothing folded."""
    return ir.Select(a.dtype, cond, a, b)


def text(expr: ir.Expr) -> str:
    """For messages."""
    if isinstance(expr, ir.IntImm):
        return str(expr.value)
    if isinstance(expr, ir.Var):
        return str(expr.name)
    if isinstance(expr, ir.Binary):
        return f"{ir.binary_name(expr.kind)}({text(expr.a)}, {text(expr.b)})"
    if isinstance(expr, ir.Cast):
        return f"{expr.dtype}({text(expr.value)})"
    if isinstance(expr, ir.Not):
        return f"not({text(expr.a)})"
    assert isinstance(expr, ir.Select)
    return f"select({text(expr.cond)}, {text(expr.a)}, {text(expr.b)})"


def widened(expr: ir.Expr) -> ir.Expr:
    """The same arithmetic in int64, without wrap-around."""
    if isinstance(expr, ir.IntImm):
        return expr if str(expr.dtype) == "bool" else ir.IntImm("int64", expr.value)
    if isinstance(expr, ir.Var):
        return ir.Cast("int64", expr)
    if isinstance(expr, ir.Binary):
        return binary(ir.binary_name(expr.kind), widened(expr.a), widened(expr.b))
    if isinstance(expr, ir.Not):
        return ir.Not(widened(expr.a))
    if isinstance(expr, ir.Cast):
        return widened(expr.value)
    assert isinstance(expr, ir.Select), type(expr)
    return select(widened(expr.cond), widened(expr.a), widened(expr.b))


class Sampler:
    """Random expressions of one integer type over a few variables in small ranges."""

    def __init__(self, seed: int, dtype: str, num_vars: int = 2, points: int = 9) -> None:
        self.random = random.Random(seed)
        self.dtype = dtype
        self.ranges: dict[ir.Var, tuple[int, int]] = {}
        for i in range(num_vars):
            self.ranges[ir.Var(f"v{i}", dtype)] = self._range(points)

    def _range(self, points: int) -> tuple[int, int]:
        low, high = type_range(self.dtype)
        width = self.random.randint(0, points - 1)
        start = self.random.choice([0, 0, 0, 1, -3, -points // 2, 5, 60, low, high - width])
        start = max(low, min(start, high - width))
        return start, start + width

    def const(self) -> ir.Expr:
        low, high = type_range(self.dtype)
        value = self.random.choice([0, 1, 1, 2, 2, 3, 4, 4, 5, 7, 8, 16, -1, -2, -4, low, high])
        return ir.IntImm(self.dtype, wrap(wrap(value, self.dtype), "int64"))

    def leaf(self) -> ir.Expr:
        if self.random.random() < 0.4:
            return self.const()
        return self.random.choice(list(self.ranges))

    def integer(self, depth: int) -> ir.Expr:
        pick = self.random.random()
        if depth == 0 or pick < 0.1:
            return self.leaf()
        if pick < 0.18:
            return select(self.boolean(depth - 1), self.integer(depth - 1), self.integer(depth - 1))
        if pick < 0.24:
            narrow = self.random.choice(INT_TYPES)
            return ir.Cast(self.dtype, ir.Cast(narrow, self.integer(depth - 1)))
        name = self.random.choice((*ARITHMETIC, "add", "sub", "mul", "floordiv", "floormod"))
        if pick > 0.92:
            name = self.random.choice(BITWISE)
        a = self.integer(depth - 1)
        constant = name in ("floordiv", "floormod", "shl", "shr") and self.random.random() < 0.8
        return binary(name, a, self.const() if constant else self.integer(depth - 1))

    def boolean(self, depth: int) -> ir.Expr:
        pick = self.random.random()
        if depth > 0 and pick < 0.25:
            name = self.random.choice(["and", "or"])
            return binary(name, self.boolean(depth - 1), self.boolean(depth - 1))
        if depth > 0 and pick < 0.35:
            return ir.Not(self.boolean(depth - 1))
        name = self.random.choice(COMPARE)
        return binary(name, self.integer(max(depth - 1, 0)), self.integer(max(depth - 1, 0)))

    def points(self) -> Iterator[Env]:
        """Every assignment of the variables."""
        spans = [range(low, high + 1) for low, high in self.ranges.values()]
        names = [str(var.name) for var in self.ranges]
        for values in itertools.product(*spans):
            yield dict(zip(names, values, strict=True))
