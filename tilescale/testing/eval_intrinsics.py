"""Pure intrinsics: computed in float32 (float64 for float64) and rounded to the result's type."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tilescale.testing import eval_dtype, eval_rounding
from tilescale.testing.eval_dtype import Values


@dataclasses.dataclass(frozen=True)
class Context:
    """Types of a call, and how it rounds.

    Attributes:
        source: the dtype of the first argument.
        target: the dtype of the result.
        rounding: rn, rz, ru or rd.
    """

    source: str
    target: str
    rounding: str = "rn"


Rule = Callable[..., Any]


def _plain(function: Rule) -> Rule:
    """An intrinsic that does not depend on its types."""
    return lambda context, *args: function(*args)


def _in_double(function: Rule) -> Rule:
    """A function that is computed in float64, so that its float32 result is the rounded one."""

    def rule(context: Context, *args: Values) -> Values:
        return np.asarray(function(*(a.astype(np.float64) for a in args)))

    return rule


def _elementwise(function: Callable[[float], float]) -> Rule:
    return _in_double(np.vectorize(function, otypes=[np.float64]))


def _round_away(x: Values) -> Values:
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def _unsigned(values: Values, dtype: str) -> Values:
    width = eval_dtype.bits(dtype)
    return values.astype(np.int64).view(np.uint64) & np.uint64((1 << width) - 1)


def _popcount(context: Context, x: Values) -> Values:
    return np.bitwise_count(_unsigned(x, context.source)).astype(np.int32)


def _clz(context: Context, x: Values) -> Values:
    width = eval_dtype.bits(context.source)
    lengths = [int(v).bit_length() for v in _unsigned(x, context.source)]
    return np.array([width - n for n in lengths], np.int32)


def _reinterpret(context: Context, x: Values) -> Values:
    stored = eval_dtype.to_storage(x, context.source)
    return eval_dtype.to_registers(
        stored.view(eval_dtype.storage_dtype(context.target)), context.target
    )


def _abs(context: Context, x: Values) -> Values:
    return x if context.source.startswith("uint") else np.abs(x)


def _dp4a(context: Context, a: Values, b: Values, c: Values) -> Values:
    """C plus the dot product of the four signed bytes of `a` and `b`."""
    size = max(a.size, b.size, c.size)
    wide = [np.ascontiguousarray(np.broadcast_to(v, (size,))) for v in (a, b)]
    left, right = (v.view(np.int8).reshape(size, 4).astype(np.int32) for v in wide)
    return (left * right).sum(axis=1, dtype=np.int32) + c


def _fma(context: Context, a: Values, b: Values, c: Values) -> Values:
    """A * b + c with one rounding: to odd here, where the product of narrow types is exact."""
    if context.target == "float64":
        x, y, z = (v.astype(np.longdouble) for v in (a, b, c))
        return np.asarray(x * y + z).astype(np.float64)
    a, b, c = (v.astype(np.float64) for v in (a, b, c))
    product = a * b
    total = np.asarray(product + c)
    back = total - product
    rest = (product - (total - back)) + (c - back)
    bits = np.ascontiguousarray(total).view(np.int64)
    moves = np.isfinite(rest) & (rest != 0) & (bits & 1 == 0)
    step = np.where((rest > 0) == (total > 0), 1, -1)
    return np.where(moves, bits + step, bits).view(np.float64)


def _pow(context: Context, a: Values, b: Values) -> Values:
    return np.power(a.astype(np.float64), b.astype(np.float64))


def _clamp(context: Context, x: Values, low: Values, high: Values) -> Values:
    return np.minimum(np.maximum(x, low), high)


_DOUBLE: dict[str, Rule] = {
    **{name: getattr(np, name) for name in ("exp", "exp2", "log", "log2", "log10", "log1p")},
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: getattr(np, name) for name in ("sqrt", "hypot")},
    **{"expm1": np.expm1, "cbrt": np.cbrt, "fmod": np.fmod, "copysign": np.copysign},
    **{"asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2},
    **{"asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh},
    "exp10": lambda x: np.power(10.0, x),
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "rcp": lambda x: 1.0 / x,
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)),
    **{"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": _round_away},
    **{"nearbyint": np.rint, "rint": np.rint, "fdim": lambda a, b: np.maximum(a - b, 0.0)},
}


def _of_pairs(dtype: str, function: Rule) -> Rule:
    """A function of values on both halves of words, the lower half first."""
    scalar = Context(dtype, dtype)
    half = eval_dtype.bits(dtype) // 8

    def rule(context: Context, *words: Values) -> Values:
        size = max(word.size for word in words)
        wide = [np.ascontiguousarray(np.broadcast_to(word, (size,))) for word in words]
        stored = [word.view(np.uint8).view(eval_dtype.storage_dtype(dtype)) for word in wide]
        values = [eval_dtype.to_registers(value, dtype) for value in stored]
        result = eval_dtype.round_float(np.asarray(function(scalar, *values)), dtype)
        halves = np.ascontiguousarray(eval_dtype.to_storage(result, dtype)).view(f"u{half}")
        return halves.view(f"u{2 * half}")

    return rule


_PAIRS: dict[str, Rule] = {
    "add2": _plain(np.add),
    "sub2": _plain(np.subtract),
    "mul2": _plain(np.multiply),
    "fma2": _fma,
    "max2": _plain(np.fmax),
    "min2": _plain(np.fmin),
    "abs2": _abs,
}

PURE: dict[str, Rule] = {
    **{name: _in_double(function) for name, function in _DOUBLE.items()},
    "erf": _elementwise(math.erf),
    "erfc": _elementwise(math.erfc),
    "pow": _pow,
    "ldexp": lambda context, x, e: np.ldexp(x.astype(np.float64), e),
    "abs": _abs,
    "fabs": _abs,
    "fma": _fma,
    "clamp": _clamp,
    "isnan": _plain(np.isnan),
    "isinf": _plain(np.isinf),
    "isfinite": _plain(np.isfinite),
    "popcount": _popcount,
    "clz": _clz,
    "reinterpret": _reinterpret,
    "dp4a": _dp4a,
}

PURE.update(
    (f"{name}_{dtype}", _of_pairs(dtype, function))
    for name, function in _PAIRS.items()
    for dtype in ("float16", "bfloat16", "float32")
)

# The fast forms are exact here.
PURE.update(
    {f"__{name}": PURE[name] for name in ("exp", "exp10", "log", "log2", "log10")}
    | {f"__{name}": PURE[name] for name in ("sin", "cos", "tan")}
    | {"fast_rcp": PURE["rcp"], "ieee_frsqrt": PURE["rsqrt"], "fmul": _in_double(np.multiply)}
)


def _rounds(operation: str) -> Rule:
    return lambda context, *args: eval_rounding.rule(
        operation, context.rounding, context.target, *args
    )


PURE.update(
    {f"ieee_{name}": _rounds(name) for name in ("add", "sub", "mul")}
    | {"ieee_fdiv": _rounds("div"), "ieee_frcp": _rounds("rcp")}
    | {"ieee_fsqrt": _rounds("sqrt"), "ieee_fmaf": _rounds("fma")}
)
