"""Arithmetic with a rounding mode, by exact fractions: the definition of `T.ieee_*`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tilescale.testing.eval_dtype import Values

# Compares the exact result with a number: positive if the result is larger.
Compare = Callable[[Fraction], Fraction]


_FORMULAS: dict[str, Callable[..., Fraction]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "rcp": lambda x: 1 / x,
    "fma": lambda x, y, z: x * y + z,
}


def _exact(operation: str, operands: Sequence[Any], kind: type) -> tuple[Any, Compare]:
    """A number close to the exact result, and the comparison with it."""
    values = [Fraction(float(v)) for v in operands]
    if operation == "sqrt":
        # Both are at least 0, where squares are ordered as the numbers are.
        return np.sqrt(operands[0]), lambda number: values[0] - number * abs(number)
    exact = _FORMULAS[operation](*values)
    limit = Fraction(float(np.finfo(kind).max))
    return kind(float(max(-limit, min(limit, exact)))), lambda number: exact - number


# Infinities and NaN do not depend on the mode.
_SPECIAL: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "rcp": np.reciprocal,
    "sqrt": np.sqrt,
    "fma": lambda x, y, z: x * y + z,
}


def _up(near: Any, compare: Compare, kind: type) -> Any:
    """The least number that is not below the exact result; `near` is close to it."""
    number = near
    while math.isfinite(number) and compare(Fraction(float(number))) > 0:
        number = np.nextafter(number, kind(np.inf))
    if math.isinf(number):
        return number
    while True:
        below = np.nextafter(number, kind(-np.inf))
        if math.isinf(below) or compare(Fraction(float(below))) > 0:
            return number
        number = below


def _down(near: Any, compare: Compare, kind: type) -> Any:
    return -_up(-near, lambda number: -compare(-number), kind)


def _zero(operation: str, operands: Sequence[Any], mode: str) -> float:
    """The sign of an exact result of 0 follows from the operands, or from the mode."""
    negative = [math.copysign(1.0, float(v)) < 0 for v in operands]
    if operation == "fma":
        negative = [negative[0] != negative[1], negative[2]]
    if operation == "sub":
        negative[1] = not negative[1]
    if operation in ("mul", "div"):
        return -0.0 if negative[0] != negative[1] else 0.0
    if operation == "sqrt" or negative[0] == negative[1]:
        return -0.0 if negative[0] else 0.0
    return -0.0 if mode == "rd" else 0.0


def _nearest(low: Any, high: Any, compare: Compare, kind: type) -> Any:
    if low == high:
        return low
    bits = np.uint32 if kind is np.float32 else np.uint64
    if math.isinf(low) or math.isinf(high):
        # Beyond the last number: its distance to the one before decides.
        last = high if math.isinf(low) else low
        step = Fraction(float(last)) - Fraction(float(np.nextafter(last, kind(0))))
        over = compare(Fraction(float(last)) + step / 2)
        away = over >= 0 if last > 0 else over <= 0
        return kind(np.copysign(np.inf, last)) if away else last
    side = compare((Fraction(float(low)) + Fraction(float(high))) / 2)
    if side == 0:
        return low if int(low.view(bits)) % 2 == 0 else high
    return high if side > 0 else low


def rounded(operation: str, mode: str, kind: type, operands: Sequence[Any]) -> Any:
    """Returns one result, rounded once.

    Args:
        operation: add, sub, mul, div, rcp, sqrt or fma.
        mode: rn, rz, ru or rd.
        kind: np.float32 or np.float64.
        operands: numbers of that type.
    """
    undefined = operation == "sqrt" and operands[0] < 0
    divisor = {"div": operands[-1], "rcp": operands[0]}.get(operation, 1)
    if undefined or divisor == 0 or not all(math.isfinite(v) for v in operands):
        with np.errstate(all="ignore"):
            return kind(_SPECIAL[operation](*operands))
    near, compare = _exact(operation, operands, kind)
    with np.errstate(over="ignore"):
        return _neighbour(operation, mode, kind, operands, near, compare)


def _neighbour(
    operation: str, mode: str, kind: type, operands: Sequence[Any], near: Any, compare: Compare
) -> Any:
    """The number next to the exact result that the mode asks for."""
    sign = compare(Fraction(0))
    if sign == 0:
        return kind(_zero(operation, operands, mode))
    toward = {"ru": "up", "rd": "down", "rz": "down" if sign > 0 else "up"}.get(mode)
    high, low = _up(near, compare, kind), _down(near, compare, kind)
    if toward is None:
        result = _nearest(low, high, compare, kind)
    else:
        result = high if toward == "up" else low
    # A result that vanishes keeps the sign of the exact one.
    return kind(math.copysign(result, sign)) if result == 0 else result


def rule(operation: str, mode: str, target: str, *args: Values) -> Values:
    """Applies `rounded` to arrays; narrow types are computed in float32."""
    kind = np.float64 if target == "float64" else np.float32
    arrays = np.broadcast_arrays(*(np.asarray(a).astype(kind) for a in args))
    points = zip(*map(np.ravel, arrays), strict=True)
    flat = [rounded(operation, mode, kind, values) for values in points]
    return np.array(flat, kind).astype(np.float64).reshape(arrays[0].shape)
