"""Element types of the evaluator: how values are held, converted and rounded.

A value is held in *register form*: `numpy.bool_`, the integer of its width (4-bit integers in 8
bits, kept in range), `float32` for every floating type of at most 16 bits (always a value that the
type can represent), `float32` and `float64`. Pointers are 64-bit integers.
"""

from __future__ import annotations

import functools
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

_FLOAT_BITS = {"float16": 16, "bfloat16": 16, "float32": 32, "float64": 64}


@functools.cache
def split(dtype: str) -> tuple[str, int]:
    """Returns the kind ("bool", "int", "uint", "float", "handle") and the bits of `dtype`."""
    dtype = str(dtype)
    if dtype == "bool":
        return "bool", 8
    if dtype in ("handle", ""):
        return "handle", 64
    if dtype in _FLOAT_BITS:
        return "float", _FLOAT_BITS[dtype]
    if dtype.startswith("float"):
        return "float", int(dtype.removeprefix("float").split("_")[0])
    for kind in ("uint", "int"):
        if dtype.startswith(kind):
            return kind, int(dtype.removeprefix(kind))
    raise ValueError(f"the evaluator knows no type {dtype!r}")


def is_float(dtype: str) -> bool:
    """Whether `dtype` is a floating type of any width."""
    return split(dtype)[0] == "float"


def is_fp8(dtype: str) -> bool:
    """Whether `dtype` is one of the 8-bit floating types."""
    return split(dtype) == ("float", 8)


def bits(dtype: str) -> int:
    """Bits of one stored element; bool counts 8."""
    return split(dtype)[1]


@functools.cache
def register_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy type that holds one value of `dtype` in register form."""
    kind, width = split(dtype)
    if kind == "bool":
        return np.dtype(np.bool_)
    if kind == "handle":
        return np.dtype(np.int64)
    if kind == "float":
        return np.dtype(np.float64 if width == 64 else np.float32)
    return np.dtype(f"{kind}{max(width, 8)}")


@functools.cache
def storage_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy type of `dtype` in memory; sub-byte integers are stored as bytes (see `pack`)."""
    kind, width = split(dtype)
    if kind == "float" and str(dtype) not in ("float16", "float32", "float64"):
        return np.dtype(getattr(ml_dtypes, str(dtype)))
    if kind == "float":
        return np.dtype(str(dtype))
    if kind == "bool":
        return np.dtype(np.uint8)
    return register_dtype(dtype) if width >= 8 else np.dtype(np.uint8)


def to_registers(stored: Values, dtype: str) -> Values:
    """Stored elements (of `storage_dtype`, one element each) in register form."""
    if split(dtype)[0] == "bool":
        return stored != 0
    return stored.astype(register_dtype(dtype), copy=False)


def to_storage(values: Values, dtype: str) -> Values:
    """The inverse of `to_registers`; `values` must be representable."""
    return values.astype(storage_dtype(dtype), copy=False)


def wrap_int(values: Values, dtype: str) -> Values:
    """Two's complement wrap-around of integers of any width into `dtype`'s register form."""
    kind, width = split(dtype)
    if width >= 8:
        return values.astype(register_dtype(dtype), copy=False)
    low = values.astype(np.int64) & ((1 << width) - 1)
    if kind == "int":
        low = np.where(low >> (width - 1), low - (1 << width), low)
    return low.astype(register_dtype(dtype))


def _to_float32_odd(values: Values) -> Values:
    """float64 to float32 rounding to odd, so that a second rounding to few bits is correct."""
    narrow = values.astype(np.float32)
    inexact = np.isfinite(narrow) & (narrow.astype(np.float64) != values)
    too_far = inexact & (np.abs(narrow.astype(np.float64)) > np.abs(values))
    raw = narrow.view(np.int32)
    truncated = np.where(too_far, raw - 1, raw)
    return np.where(inexact, truncated | 1, raw).astype(np.int32).view(np.float32)


@functools.cache
def fp8_max(dtype: str) -> float:
    """The largest finite value of an 8-bit floating type."""
    return float(ml_dtypes.finfo(storage_dtype(dtype)).max)  # type: ignore[no-untyped-call]


@functools.cache
def precision(dtype: str) -> int:
    """Integers up to 2 to this power are exact in a floating type."""
    return int(ml_dtypes.finfo(storage_dtype(dtype)).nmant) + 1  # type: ignore[no-untyped-call]


def round_float(values: Values, dtype: str) -> Values:
    """Rounds floats to nearest even into `dtype`'s register form; fp8 saturates."""
    stored = storage_dtype(dtype)
    if stored in (np.float32, np.float64):
        return values.astype(stored, copy=False)
    if values.dtype == np.float64:
        # numpy rounds double to half in one step; the other types go through float32.
        values = values if stored == np.float16 else _to_float32_odd(values)
    if is_fp8(dtype):
        limit = np.float32(fp8_max(dtype))
        low = -limit if dtype != "float8_e8m0fnu" else np.float32(0)
        values = np.clip(values, low, limit)
    return values.astype(stored).astype(np.float32)


def int_limits(dtype: str) -> tuple[int, int]:
    """The smallest and the largest value of an integer type."""
    kind, width = split(dtype)
    if kind == "uint":
        return 0, (1 << width) - 1
    return -(1 << (width - 1)), (1 << (width - 1)) - 1


def _float_to_int(values: Values, dtype: str) -> Values:
    low, high = int_limits(dtype)
    wide = np.trunc(values.astype(np.float64))
    # 2**63 - 1 is no float64: what is at or above the bound is replaced after the conversion.
    above, below, nan = wide >= float(high), wide <= float(low), np.isnan(wide)
    safe = np.where(above | below | nan, 0.0, wide)
    out = safe.astype(register_dtype(dtype))
    out[above], out[below] = high, low
    return out


def cast(values: Values, source: str, target: str) -> Values:
    """Converts register values by the rules of the IR's `Cast`.

    Float to float rounds to nearest even (fp8 saturates), float to integer truncates and
    saturates with NaN giving 0, integer to integer wraps, anything to bool is `!= 0`.
    """
    if source == target:
        return values
    source_kind, target_kind = split(source)[0], split(target)[0]
    if target_kind == "bool":
        return values != 0
    if target_kind == "handle" or source_kind == "handle":
        return values.astype(register_dtype(target))
    if target_kind == "float":
        if source_kind == "float":
            return round_float(values, target)
        if target in ("float32", "float64"):
            return values.astype(register_dtype(target))
        return round_float(values.astype(np.float64), target)
    if source_kind == "float":
        return _float_to_int(values, target)
    return wrap_int(values, target)


def constant(value: int | float, dtype: str) -> Values:
    """One constant as an array of length 1."""
    kind, _ = split(dtype)
    if kind == "bool":
        return np.array([bool(value)])
    if kind == "float":
        return round_float(np.array([value], np.float64), dtype)
    if kind == "handle":
        return np.array([int(value)], np.int64)
    # uint64 immediates above 2**63 - 1 are kept as their two's complement.
    wide = int(value) & ((1 << 64) - 1)
    return wrap_int(np.array([wide], np.uint64), dtype)
