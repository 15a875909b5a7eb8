"""Turning what users write (numbers, elements, mutable scalars) into IR expressions."""

from __future__ import annotations

import functools
from typing import Any

from tilescale import errors, ir
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import SCALAR_BITS, dtype, to_dtype

Scalar = Any
"""What is accepted where a scalar is needed: an `ir.Expr`, bool, int, float, or `T.alloc_var`."""


def index_dtype(value: int) -> str:
    """The type of an integer literal that stands alone: int32, or int64 if it needs more."""
    return "int32" if -(2**31) <= value < 2**31 else "int64"


def _integer(value: int, kind: str) -> ir.Expr:
    """An integer literal as a constant of any type.

    Raises:
        LiteralRangeError: an integer type cannot hold it.
    """
    if "int" in kind:
        bits = to_dtype(kind).bits
        unsigned = kind.startswith("u")
        low, high = (0, 1 << bits) if unsigned else (-1 << (bits - 1), 1 << (bits - 1))
        if not low <= value < high:
            _fail_literal(value, kind)
        # Unsigned 64-bit constants are kept as their two's complement.
        value = value - (1 << 64) if value >= 1 << 63 else value
    return ir.const(bool(value) if kind == "bool" else value, kind)


def _fail_literal(value: Any, kind: str) -> None:
    raise mistake(
        errors.LiteralRangeError,
        f"the literal {value} is not a value of type {kind}",
        expected=f"a value that {kind} can hold",
        got=str(value),
        remedy=f"use another element type, or T.cast(T.int32({value}), T.{kind}) to wrap",
    )


def _literal(value: Any, kind: str | None) -> ir.Expr | None:
    """A Python or NumPy number as a constant, None for anything else."""
    if isinstance(value, bool):
        return ir.const(value, kind or "bool")
    if isinstance(value, int):
        return _integer(value, kind or index_dtype(value))
    if isinstance(value, float):
        if kind is not None and "int" in kind and value.is_integer():
            return _integer(int(value), kind)
        if kind is not None and "int" in kind:
            _fail_literal(value, kind)
        return ir.const(value, kind or "float32")
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _literal(value.item(), kind)
    if hasattr(value, "__index__"):
        return _literal(value.__index__(), kind)
    return None


def as_expr(value: Scalar, kind: str | None = None) -> ir.Expr:
    """Returns `value` as an expression.

    Args:
        value: expression, number, or mutable scalar.
        kind: element type given to a Python number; by default int32 (int64 where needed), float32
            or bool.

    Raises:
        BufferAsScalarError: `value` is a whole buffer or region.
        OperandTypeError: `value` is something else.
    """
    if isinstance(value, ir.Expr):
        return value
    convert = getattr(value, "__ts_expr__", None)
    if convert is not None:
        result: ir.Expr = convert()
        return result
    literal = _literal(value, kind)
    if literal is None:
        raise mistake(
            errors.OperandTypeError,
            "a scalar is needed here",
            expected="an expression, int, float or bool",
            got=describe(value),
            remedy="index buffers down to one element, and convert other objects to numbers",
        )
    return literal


def as_typed(value: Scalar, kind: str) -> ir.Expr:
    """`value` as an expression of type `kind`: literals take it, expressions are converted."""
    expr = as_expr(value, kind)
    return expr if expr.dtype == kind else ir.make_cast(kind, expr)


def as_condition(value: Scalar) -> ir.Expr:
    """`value` as a boolean expression; numbers compare with zero."""
    expr = as_expr(value)
    return expr if expr.dtype == "bool" else ir.make_binary("ne", expr, 0)


_INTEGERS = frozenset(name for name in SCALAR_BITS if name.startswith(("int", "uint")))


@functools.lru_cache(maxsize=4096)
def _index_constant(value: int) -> ir.Expr:
    """An integer constant; shared, because nodes do not change."""
    return ir.const(value, index_dtype(value))


def as_index(value: Scalar) -> ir.Expr:
    """`value` as an integer expression.

    Raises:
        IndexTypeError: it is a float or boolean.
    """
    if type(value) is int:
        return _index_constant(value)
    expr = as_expr(value)
    if expr.dtype not in _INTEGERS:
        raise mistake(
            errors.IndexTypeError,
            "an index is not an integer",
            expected="an integer expression",
            got=f"a value of type {expr.dtype}",
            remedy="convert it with T.cast(index, T.int32)",
        )
    return expr


def cast(value: Scalar, kind: dtype | str) -> ir.Expr:
    """Returns `value` converted to `kind`."""
    kind = to_dtype(kind)
    return as_typed(value, kind)


def const_int(value: Any) -> int | None:
    """The value of a Python integer or integer constant, None if it is known only at run time."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, ir.IntImm):
        return int(value.value)
    if not isinstance(value, ir.Expr) and hasattr(value, "__index__"):
        return int(value.__index__())
    return None


def simplest(value: Any) -> Any:
    """A Python int for an integer constant, else `value` itself."""
    number = const_int(value)
    return value if number is None or isinstance(value, bool) else number


def describe(value: Any) -> str:
    """A few words on `value` for messages."""
    if isinstance(value, ir.Expr):
        return f"a run-time {value.dtype} value"
    if hasattr(value, "__ts_describe__"):
        return str(value.__ts_describe__())
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"an object of type {type(value).__name__}"


def format_shape(shape: Any) -> str:
    """A shape for messages, e.g. `(128, N)`."""
    items = [format_dim(dim) for dim in shape]
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def format_dim(dim: Any) -> str:
    """One extent for messages: a number, the name of a variable, or `...`."""
    number = const_int(dim)
    if number is not None:
        return str(number)
    return str(dim.name) if isinstance(dim, ir.Var) else "..."
