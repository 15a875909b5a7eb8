"""Mathematical functions and conditional values."""

from __future__ import annotations

import builtins
import math as _math
from collections.abc import Callable
from typing import Any

from tilescale import errors, ir
from tilescale.frontend.control import decide
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.values import Scalar, as_condition, as_expr, as_typed, cast, const_int
from tilescale.frontend.vector import Vector, reinterpret_vector

Expr = ir.Expr


def is_number(value: Any) -> bool:
    """Whether `value` is a Python number rather than a run-time value."""
    return isinstance(value, (bool, int, float)) or (
        not isinstance(value, ir.Expr) and hasattr(value, "__index__")
    )


def as_float(value: Scalar, beside: ir.Expr | None = None) -> ir.Expr:
    """`value` as a floating expression; integers become float32 (or the type of `beside`)."""
    kind = str(beside.dtype) if beside is not None and "float" in beside.dtype else "float32"
    expr = as_expr(value, kind)
    return expr if "float" in expr.dtype else ir.make_cast(kind, expr)


def _float_args(args: tuple[Scalar, ...]) -> list[ir.Expr]:
    beside = next((as_expr(a) for a in args if not is_number(a)), None)
    exprs = [as_float(a, beside) for a in args]
    kind = exprs[0].dtype
    for expr in exprs[1:]:
        kind = ir.promote(kind, expr.dtype)
    return [as_typed(expr, str(kind)) for expr in exprs]


def _call(name: str, values: list[ir.Expr]) -> ir.Expr:
    """An intrinsic whose value has the type of its arguments."""
    return ir.make_call(name, values, {}, values[0].dtype)


def _unary(name: str) -> Callable[[Scalar], ir.Expr]:
    def function(x: Scalar) -> ir.Expr:
        return _call(name, [as_float(x)])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name}(x) of a floating value; integers are converted to float32 first."
    return function


def _rounding_mode(name: str, mode: str, dtype: str) -> str:
    modes = ("rn",) if name == "ieee_frsqrt" else ("rn", "rz", "ru", "rd")
    if mode not in modes:
        raise mistake(
            errors.OperatorArgumentError,
            f"T.{name} does not round so",
            expected=", ".join(modes),
            got=repr(mode),
            remedy="leave `rounding_mode` out to round to nearest even",
        )
    if mode != "rn" and dtype not in ("float32", "float64"):
        raise mistake(
            errors.OperatorArgumentError,
            f"T.{name} rounds {dtype} to nearest only",
            expected="float32 or float64",
            got=f"{dtype}, rounding_mode={mode!r}",
            remedy='cast the arguments to "float32"',
        )
    return mode


def _several(name: str, count: int) -> Callable[..., ir.Expr]:
    def function(*args: Scalar, rounding_mode: str = "rn") -> ir.Expr:
        if builtins.len(args) != count:
            raise mistake(
                errors.OperatorArgumentError,
                f"T.{name} is called with the wrong number of arguments",
                expected=str(count),
                got=str(builtins.len(args)),
                remedy=f"pass {count} values",
            )
        values = _float_args(args)
        attrs = {}
        if name.startswith("ieee_"):
            attrs["rounding_mode"] = _rounding_mode(name, rounding_mode, str(values[0].dtype))
        return ir.make_call(name, values, attrs, values[0].dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name} of {count} floating values of one type."
    return function


def _test(name: str) -> Callable[[Scalar], ir.Expr]:
    def function(x: Scalar) -> ir.Expr:
        return ir.make_call(name, [as_float(x)], {}, "bool")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Whether a floating value {name.replace('is', 'is ')}: a boolean."
    return function


exp, exp2, exp10 = _unary("exp"), _unary("exp2"), _unary("exp10")
log, log2, log10, log1p = _unary("log"), _unary("log2"), _unary("log10"), _unary("log1p")
sqrt, rsqrt = _unary("sqrt"), _unary("rsqrt")
sin, cos, tan = _unary("sin"), _unary("cos"), _unary("tan")
asin, acos, atan = _unary("asin"), _unary("acos"), _unary("atan")
sinh, cosh, tanh = _unary("sinh"), _unary("cosh"), _unary("tanh")
asinh, acosh, atanh = _unary("asinh"), _unary("acosh"), _unary("atanh")
erf, sigmoid = _unary("erf"), _unary("sigmoid")
isnan, isinf, isfinite = _test("isnan"), _test("isinf"), _test("isfinite")
atan2, hypot, copysign, fma = (
    _several("atan2", 2),
    _several("hypot", 2),
    _several("copysign", 2),
    _several("fma", 3),
)
fmul = _several("fmul", 2)
fast_rcp = _unary("fast_rcp")
ieee_add, ieee_sub, ieee_mul = (
    _several("ieee_add", 2),
    _several("ieee_sub", 2),
    _several("ieee_mul", 2),
)
ieee_fdiv, ieee_fmaf = _several("ieee_fdiv", 2), _several("ieee_fmaf", 3)
ieee_frcp, ieee_fsqrt, ieee_frsqrt = (
    _several("ieee_frcp", 1),
    _several("ieee_fsqrt", 1),
    _several("ieee_frsqrt", 1),
)

#: Fast approximations, whose names start with two underscores.
FAST: dict[str, Callable[[Scalar], ir.Expr]] = {
    f"__{name}": _unary(f"__{name}")
    for name in ("exp", "exp10", "log", "log2", "log10", "sin", "cos", "tan")
}


def _rounding(name: str) -> Callable[[Scalar], Any]:
    def function(x: Scalar) -> Any:
        if is_number(x) and isinstance(x, int):
            return x
        expr = as_expr(x)
        return expr if "int" in expr.dtype else _call(name, [as_float(expr)])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name}(x); integers are returned as they are."
    return function


floor, ceil, trunc = _rounding("floor"), _rounding("ceil"), _rounding("trunc")
round = _rounding("round")
nearbyint = _rounding("nearbyint")


def abs(x: Scalar) -> Any:
    """The absolute value, of x's type."""
    return builtins.abs(x) if is_number(x) else _call("abs", [as_expr(x)])


fabs = abs


def pow(x: Scalar, y: Scalar) -> Any:
    """X to the power of y, floating."""
    return x**y if is_number(x) and is_number(y) else _call("pow", _float_args((x, y)))


power = pow


def fmod(x: Scalar, y: Scalar) -> Any:
    """The remainder of x / y with x's sign, floating."""
    both = is_number(x) and is_number(y)
    return _math.fmod(x, y) if both else _call("fmod", _float_args((x, y)))


def ldexp(x: Scalar, n: Scalar) -> ir.Expr:
    """X * 2**n for an integer n."""
    value = as_float(x)
    return ir.make_call("ldexp", [value, as_typed(n, "int32")], {}, value.dtype)


def _integral(what: str, x: Scalar) -> ir.Expr:
    """`x` as an expression of an integer type; a number is an int32."""
    value = as_expr(x)
    if not to_dtype(value.dtype).is_float():
        return value
    raise mistake(
        errors.OperandTypeError,
        f"{what} counts bits, but its operand is not an integer",
        expected="an integer operand",
        got=str(value.dtype),
        remedy="convert it with T.cast, or take its bits with T.reinterpret",
    )


def popcount(x: Scalar) -> ir.Expr:
    """The number of set bits: an int32."""
    return ir.make_call("popcount", [_integral("T.popcount", x)], {}, "int32")


def clz(x: Scalar) -> ir.Expr:
    """The number of leading zero bits: an int32."""
    return ir.make_call("clz", [_integral("T.clz", x)], {}, "int32")


def binary(name: str, a: Scalar, b: Scalar) -> ir.Expr:
    """`a name b` for operands of which at least one is known only at run time."""
    left = a if is_number(a) else as_expr(a)
    right = b if is_number(b) else as_expr(b)
    if is_number(left) and is_number(right):
        left = as_expr(left)
    return ir.make_binary(name, left, right)


def _choose(name: str, python: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    if builtins.len(values) == 1 and isinstance(values[0], (list, tuple)):
        values = tuple(values[0])
    if builtins.all(is_number(value) for value in values):
        return python(values)
    result = values[0]
    for value in values[1:]:
        result = binary(name, result, value)
    return result


def max(*values: Scalar) -> Any:
    """The largest value; of floats, NaN is ignored if another value is there."""
    return _choose("max", builtins.max, values)


def min(*values: Scalar) -> Any:
    """The smallest value; of floats, NaN is ignored if another value is there."""
    return _choose("min", builtins.min, values)


def clamp(x: Scalar, low: Scalar, high: Scalar) -> Any:
    """X limited to low ... high, in x's type."""
    return min(max(x, low), high)


def ceildiv(a: Scalar, b: Scalar) -> Any:
    """A / b rounded up: the number of tiles of b that cover a."""
    if is_number(a) and is_number(b):
        return -(-a // b)
    number = const_int(b)
    if number is not None:
        return as_expr(a) if number == 1 else (as_expr(a) + (number - 1)) // number
    return (as_expr(a) + (as_expr(b) - 1)) // as_expr(b)


cdiv = ceildiv


def floordiv(a: Scalar, b: Scalar) -> Any:
    """A / b rounded towards minus infinity."""
    return a // b if is_number(a) and is_number(b) else binary("floordiv", a, b)


def floormod(a: Scalar, b: Scalar) -> Any:
    """The remainder of `floordiv`: it has b's sign."""
    return a % b if is_number(a) and is_number(b) else binary("floormod", a, b)


def truncdiv(a: Scalar, b: Scalar) -> Any:
    """A / b rounded towards zero."""
    if is_number(a) and is_number(b):
        return builtins.abs(a) // builtins.abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return binary("truncdiv", a, b)


def truncmod(a: Scalar, b: Scalar) -> Any:
    """The remainder of `truncdiv`: it has a's sign."""
    if is_number(a) and is_number(b):
        return a - truncdiv(a, b) * b
    return binary("truncmod", a, b)


def div(a: Scalar, b: Scalar) -> Any:
    """A / b: of integers rounded towards zero, as in C."""
    if is_number(a) and is_number(b):
        return truncdiv(a, b) if isinstance(a, int) and isinstance(b, int) else a / b
    x, y = as_expr(a), as_expr(b)
    return x / y if "float" in x.dtype or "float" in y.dtype else truncdiv(a, b)


def _shift(name: str, doc: str) -> Callable[[Scalar, Scalar], Any]:
    def function(a: Scalar, b: Scalar) -> Any:
        return binary(name, a, b)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


shift_left = _shift("shl", "A shifted left by b bits.")
shift_right = _shift("shr", "A shifted right by b bits; signed values keep their sign.")
bitwise_and = _shift("bitand", "Bits that are set in both.")
bitwise_or = _shift("bitor", "Bits that are set in either.")
bitwise_xor = _shift("bitxor", "Bits that are set in exactly one.")


def bitwise_not(a: Scalar) -> ir.Expr:
    """All bits inverted."""
    return ~as_expr(a)


def if_then_else(cond: Scalar, a: Scalar, b: Scalar) -> Any:
    """`a` where `cond` holds, else `b`; only the chosen one is evaluated."""
    known = decide(cond)
    if known is not None:
        return a if known else b
    left = a if is_number(a) else as_expr(a)
    right = b if is_number(b) else as_expr(b)
    if is_number(left) and is_number(right):
        kind = "float32" if isinstance(left, float) or isinstance(right, float) else None
        left = as_expr(left, kind)
    return ir.make_select(as_condition(cond), left, right)


def Select(cond: Scalar, a: Scalar, b: Scalar) -> Any:
    """`a` where `cond` holds, else `b`, both of which must be safe to evaluate."""
    return if_then_else(cond, a, b)


def reinterpret(value: Any, dtype: Any = None) -> Any:
    """The bits of a scalar or vector as another type of the same width.

    Both orders of arguments are accepted.

    Raises:
        OperatorArgumentError: the widths differ.
    """
    if isinstance(value, str):
        value, dtype = dtype, value
    kind = to_dtype(dtype)
    if isinstance(value, Vector) or kind.lanes > 1:
        return reinterpret_vector(value, kind)
    expr = as_expr(value)
    if kind.bits != to_dtype(str(expr.dtype)).bits:
        raise mistake(
            errors.OperatorArgumentError,
            "T.reinterpret changes the number of bits",
            expected=f"a type of {to_dtype(str(expr.dtype)).bits} bits",
            got=f"{kind}, which has {kind.bits}",
            remedy="use T.cast to convert a value",
        )
    return ir.make_call("reinterpret", [expr], {}, str(kind))


def _check_saturation(sat: Any, dtype: Any) -> None:
    kind = str(to_dtype(dtype))
    if sat is True or (sat is False and not kind.startswith("float8")):
        return
    raise mistake(
        errors.OperatorArgumentError,
        f"T.cast cannot convert to {kind} so",
        expected="sat=True",
        got=f"sat={sat!r}",
        remedy="leave it out: values beyond the largest finite one become that",
    )


def cast_value(
    value: Scalar, dtype: Any, round: str = "", sat: bool = True, rbits: Any = None
) -> ir.Expr:
    """`value` converted to `dtype`, rounded to nearest even.

    Args:
        value: a scalar.
        dtype: the new type; both orders of the first two arguments are accepted.
        round: only "" (to nearest even) on this target.
        sat: fp8 saturates to its largest finite value, so that False is refused for it; other
            types do not depend on it.
        rbits: random bits for stochastic rounding.

    Raises:
        OperatorArgumentError: another rounding, or fp8 that does not saturate.
    """
    if isinstance(value, str):
        value, dtype = dtype, value
    _check_saturation(sat, dtype)
    if round or rbits is not None:
        raise mistake(
            errors.OperatorArgumentError,
            f"T.cast cannot round by {round!r} here",
            expected='"" (to nearest even)',
            got=repr(round),
            remedy="leave `round` and `rbits` out",
        )
    return cast(value, dtype)


__all__ = [
    "Select",
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "cdiv",
    "ceil",
    "ceildiv",
    "clamp",
    "clz",
    "copysign",
    "cos",
    "cosh",
    "div",
    "erf",
    "exp",
    "exp2",
    "exp10",
    "fabs",
    "fast_rcp",
    "floor",
    "floordiv",
    "floormod",
    "fma",
    "fmod",
    "fmul",
    "hypot",
    "ieee_add",
    "ieee_fdiv",
    "ieee_fmaf",
    "ieee_frcp",
    "ieee_frsqrt",
    "ieee_fsqrt",
    "ieee_mul",
    "ieee_sub",
    "if_then_else",
    "isfinite",
    "isinf",
    "isnan",
    "ldexp",
    "log",
    "log1p",
    "log2",
    "log10",
    "max",
    "min",
    "nearbyint",
    "popcount",
    "pow",
    "power",
    "reinterpret",
    "round",
    "rsqrt",
    "shift_left",
    "shift_right",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    "truncdiv",
    "truncmod",
]
