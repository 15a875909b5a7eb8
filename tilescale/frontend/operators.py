"""Python's operators for front-end values that stand for an expression."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from tilescale import ir
from tilescale.frontend.values import as_expr

_SYMBOLS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "pow": operator.pow,
}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def _forward(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(self.__ts_expr__(), _operand(other))


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(_operand(other), self.__ts_expr__())


def _operand(value: Any) -> Any:
    return value if isinstance(value, (ir.Expr, bool, int, float)) else as_expr(value)


class ScalarOperators:
    """Mixin: arithmetic and comparisons act on the expression that `__ts_expr__` gives."""

    __slots__ = ()

    def __ts_expr__(self) -> ir.Expr:
        raise NotImplementedError

    def __neg__(self) -> ir.Expr:
        return -self.__ts_expr__()

    def __pos__(self) -> ir.Expr:
        return self.__ts_expr__()

    def __invert__(self) -> ir.Expr:
        return ~self.__ts_expr__()

    def __abs__(self) -> ir.Expr:
        return abs(self.__ts_expr__())

    def __bool__(self) -> bool:
        return bool(self.__ts_expr__())

    def astype(self, kind: Any) -> ir.Expr:
        """The value converted to the element type `kind`."""
        return self.__ts_expr__().astype(kind)


for _name, _function in _SYMBOLS.items():
    setattr(ScalarOperators, f"__{_name}__", _forward(_function))
    setattr(ScalarOperators, f"__r{_name}__", _reflected(_function))
for _name, _function in _COMPARISONS.items():
    setattr(ScalarOperators, f"__{_name}__", _forward(_function))
