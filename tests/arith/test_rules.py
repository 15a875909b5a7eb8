"""Every rewrite rule applies somewhere, and where it applies the values stay."""

from __future__ import annotations

import itertools
import random

import pytest
from exprs import Undefined, meaning, text, type_range

from tilescale import _ffi, ir

_instantiate = _ffi.get("arith.InstantiateRule")
_apply = _ffi.get("arith.ApplyRule")
_holes = _ffi.get("arith.RuleHoles")

RULES = [str(name) for name in _ffi.get("arith.RuleNames")()]
TYPES = ("int8", "uint8", "int32", "int64", "uint64")
TRIALS = 60


class Instance:
    """The left side of a rule over variables in small ranges and random constants."""

    def __init__(self, rule: str, dtype: str, seed: int) -> None:
        choice = random.Random(f"{rule} {dtype} {seed}")
        low, high = type_range(dtype)
        self.ranges: dict[ir.Var, tuple[int, int]] = {}
        operands, constants = [], []
        for i, kind in enumerate(str(_holes(rule))):
            if kind == "c":
                value = choice.choice([low, -7, -2, -1, 0, 1, 2, 3, 4, 6, 7, 8, 12, 15, high])
                constants.append(ir.IntImm(dtype, self._bits(max(low, min(high, value)))))
                continue
            var = ir.Var(f"x{i}", "bool" if kind == "b" else dtype)
            operands.append(var)
            start = choice.choice([low, -9, -4, 0, 0, 1, 2, 5, high - 6])
            start = max(low, min(high - 6, start))
            self.ranges[var] = (0, 1) if kind == "b" else (start, start + choice.randint(0, 6))
        self.expr = _instantiate(rule, dtype, operands, constants)

    @staticmethod
    def _bits(value: int) -> int:
        return value - 2**64 if value >= 2**63 else value

    def apply(self, rule: str) -> ir.Expr | None:
        """The right side, if the rule applies."""
        limits = {
            var: [min(low, 2**63 - 1), min(high, 2**63 - 1)]
            for var, (low, high) in self.ranges.items()
        }
        result: ir.Expr | None = _apply(rule, self.expr, limits)
        return result

    def check(self, result: ir.Expr) -> None:
        """Compares both sides at every point."""
        before, after = meaning(self.expr), meaning(result)
        names = [str(var.name) for var in self.ranges]
        spans = [range(low, high + 1) for low, high in self.ranges.values()]
        for values in itertools.islice(itertools.product(*spans), 100):
            env = dict(zip(names, values, strict=True))
            try:
                expected = before(env)
            except Undefined:
                continue
            assert after(env) == expected, f"{text(self.expr)} -> {text(result)} at {env}"


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    applied = 0
    for dtype, seed in itertools.product(TYPES, range(TRIALS)):
        instance = Instance(rule, dtype, seed)
        result = instance.apply(rule)
        if result is not None:
            applied += 1
            assert str(result.dtype) == str(instance.expr.dtype)
            instance.check(result)
    assert applied >= 3


def test_rules_have_distinct_names() -> None:
    assert len(set(RULES)) == len(RULES) > 80
