"""Random scalar expressions over tiles, tensors and loop indices, as text."""

from __future__ import annotations

import dataclasses
import random

INTS = ("int8", "uint8", "int16", "int32", "int64", "uint16", "uint32")
FLOATS = ("float32", "float16", "bfloat16", "float64", "float8_e4m3fn", "float8_e5m2")


def is_float(dtype: str) -> bool:
    return "float" in dtype


@dataclasses.dataclass
class Leaf:
    """Something that can be read: text of the access and its dtype."""

    text: str
    dtype: str


class Expressions:
    """Builds expressions of a wanted dtype.

    `leaves` are values, `indices` int32 texts, `bounds` conditions on the place in a tensor.
    """

    def __init__(
        self, rng: random.Random, leaves: list[Leaf], indices: list[str], bounds: list[str]
    ) -> None:
        self._rng = rng
        self._leaves = leaves
        self._indices = indices
        self._bounds = bounds

    def value(self, dtype: str, depth: int = 2) -> str:
        """An expression of `dtype`; floats stay small integers."""
        if dtype == "bool":
            return self.condition(depth)
        rng = self._rng
        if depth == 0 or rng.random() < 0.2:
            return self._leaf(dtype)
        if is_float(dtype):
            return self._float(dtype, depth)
        return self._int(dtype, depth)

    def _leaf(self, dtype: str) -> str:
        rng = self._rng
        same = [leaf for leaf in self._leaves if leaf.dtype == dtype]
        if same and rng.random() < 0.7:
            return rng.choice(same).text
        others = [leaf for leaf in self._leaves if leaf.dtype != "bool"]
        if others and rng.random() < 0.5:
            return self._cast(rng.choice(others).text, dtype)
        if self._indices and rng.random() < 0.6:
            low = f"{rng.choice(self._indices)} % {rng.choice([3, 4, 5])}"
            return self._cast(low, dtype)
        low = 0 if dtype.startswith("u") else -3
        return self._cast(str(rng.randint(low, 3)), dtype)

    @staticmethod
    def _cast(text: str, dtype: str) -> str:
        return f'T.cast({text}, "{dtype}")'

    def _float(self, dtype: str, depth: int) -> str:
        rng = self._rng
        a, b = self.value(dtype, depth - 1), self.value(dtype, depth - 1)
        form = rng.choice(["add", "sub", "mul", "min", "max", "abs", "neg", "select", "clamp"])
        if form in ("add", "sub", "mul"):
            symbol = {"add": "+", "sub": "-", "mul": "*"}[form]
            low, high = self._cast("-7", dtype), self._cast("7", dtype)
            return f"T.max(T.min({a} {symbol} {b}, {high}), {low})"
        if form == "clamp":
            return f"T.clamp({a}, {self._cast('-2', dtype)}, {self._cast('3', dtype)})"
        return self._common(form, a, b, dtype, depth)

    def _common(self, form: str, a: str, b: str, dtype: str, depth: int) -> str:
        if form in ("min", "max"):
            return f"T.{form}({a}, {b})"
        if form == "abs":
            return f"T.abs({a})"
        if form == "neg":
            return f"(-{a})"
        return f"T.if_then_else({self.condition(depth - 1)}, {a}, {b})"

    def _int(self, dtype: str, depth: int) -> str:
        rng = self._rng
        a, b = self.value(dtype, depth - 1), self.value(dtype, depth - 1)
        forms = ["+", "-", "*", "&", "|", "^", "//", "%", "<<", ">>", "min", "max", "select"]
        forms += ["truncdiv", "truncmod"] + ([] if dtype.startswith("u") else ["abs", "neg"])
        form = rng.choice(forms)
        if form in ("//", "%", "truncdiv", "truncmod"):
            divisors = [2, 3, 5, 7] if dtype.startswith("u") else [2, 3, 5, 7, -2, -3]
            b = self._cast(str(rng.choice(divisors)), dtype)
        if form in ("<<", ">>"):
            b = self._cast(str(rng.randint(0, 5)), dtype)
        if form in ("truncdiv", "truncmod"):
            return f"T.{form}({a}, {b})"
        if form in ("min", "max", "abs", "neg", "select"):
            return self._common(form, a, b, dtype, depth)
        return f"({a} {form} {b})"

    def condition(self, depth: int = 1) -> str:
        """A boolean expression."""
        rng = self._rng
        if depth > 0 and rng.random() < 0.3:
            symbol = rng.choice(["and", "or"])
            left, right = self.condition(depth - 1), self.condition(depth - 1)
            return f"(({left}) {symbol} ({right}))"
        if self._bounds and rng.random() < 0.35:
            return rng.choice(self._bounds)
        symbol = rng.choice(["<", "<=", ">", ">=", "==", "!="])
        bools = [leaf for leaf in self._leaves if leaf.dtype == "bool"]
        if bools and rng.random() < 0.3:
            return rng.choice(bools).text
        if self._indices and rng.random() < 0.6:
            index = rng.choice(self._indices)
            return f"{index} % {rng.choice([2, 3])} {symbol} {rng.randint(0, 2)}"
        values = [leaf for leaf in self._leaves if leaf.dtype != "bool"]
        if values:
            leaf = rng.choice(values)
            return f"{leaf.text} {symbol} {self._cast(str(rng.randint(0, 2)), leaf.dtype)}"
        return "bx >= 0"
