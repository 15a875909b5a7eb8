"""Limits of element types."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.frontend.dtypes import to_dtype

_FLOAT_MAX = {
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
    "float32": 3.4028234663852886e38,
    "float64": 1.7976931348623157e308,
    "float8_e3m4": 15.5,
    "float8_e4m3": 240.0,
    "float8_e4m3b11fnuz": 30.0,
    "float8_e4m3fn": 448.0,
    "float8_e4m3fnuz": 240.0,
    "float8_e5m2": 57344.0,
    "float8_e5m2fnuz": 57344.0,
    "float8_e8m0fnu": 1.7014118346046923e38,
    "float6_e2m3fn": 7.5,
    "float6_e3m2fn": 28.0,
    "float4_e2m1fn": 6.0,
}
_NO_INFINITY = frozenset(_FLOAT_MAX) - {
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "float8_e3m4",
    "float8_e4m3",
    "float8_e5m2",
}


def infinity(dtype: Any) -> ir.Expr:
    """Infinity of a floating type; its largest value if the type has no infinity."""
    kind = to_dtype(dtype)
    if not kind.is_float() or kind in _NO_INFINITY:
        return max_value(kind)
    return ir.const(float("inf"), str(kind))


def max_value(dtype: Any) -> ir.Expr:
    """The largest finite value of a type."""
    kind = to_dtype(dtype)
    if kind.is_float():
        return ir.const(_FLOAT_MAX[kind], str(kind))
    if kind == "bool":
        return ir.const(True, "bool")
    bits = kind.bits - (0 if kind.startswith("u") else 1)
    value = (1 << bits) - 1
    # uint64 constants are kept as their two's complement.
    return ir.const(-1 if value >= 1 << 63 else value, str(kind))


def min_value(dtype: Any) -> ir.Expr:
    """The smallest (most negative) finite value of a type."""
    kind = to_dtype(dtype)
    if kind == "float8_e8m0fnu":
        return ir.const(2.0**-127, str(kind))
    if kind.is_float():
        return ir.const(-_FLOAT_MAX[kind], str(kind))
    if kind == "bool" or kind.startswith("u"):
        return ir.const(0, str(kind))
    return ir.const(-(1 << (kind.bits - 1)), str(kind))


def _family(prefix: str) -> Any:
    def test(dtype: Any) -> bool:
        return to_dtype(dtype).startswith(prefix)

    return test


is_float4 = _family("float4")
is_float4_e2m1fn = _family("float4_e2m1fn")
is_float6 = _family("float6")
is_float8 = _family("float8")


def is_f8f6f4_family(dtype: Any) -> bool:
    """Whether a type is one of the 8-, 6- and 4-bit floats."""
    return to_dtype(dtype).startswith(("float8", "float6", "float4"))


__all__ = [
    "infinity",
    "is_f8f6f4_family",
    "is_float4",
    "is_float4_e2m1fn",
    "is_float6",
    "is_float8",
    "max_value",
    "min_value",
]
