"""Arithmetic on pairs of floating values: one instruction where the GPU has it.

A pair is a vector of 2 float16, bfloat16 or float32, e.g. `T.float16x2(a, b)`, or a region of 2
elements. Each lane is what the scalar operation gives; products and sums are not fused. Which
instruction it becomes on which architecture stands in docs/instructions.md.
"""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Region
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype
from tilescale.frontend.values import as_index, const_int, describe
from tilescale.frontend.vector import Vector, joined

_TYPES = ("float16x2", "bfloat16x2", "float32x2")


def _pair(name: str, value: Any) -> Vector:
    """The operand as a vector."""
    found = _loaded(value) if isinstance(value, Region) else value
    if isinstance(found, Vector) and found.dtype in _TYPES:
        return found
    raise mistake(
        errors.OperandTypeError,
        f"T.{name} needs pairs of floating values",
        expected=", ".join(_TYPES),
        got=describe(value),
        remedy="make a pair, e.g. `T.float16x2(a, b)`, or give two elements such as `A[i, 0:2]`",
    )


def _loaded(region: Region) -> Vector | None:
    """Two neighbours of the last dimension."""
    *outer, count = [const_int(extent) for extent in region.extents]
    if count != 2 or any(extent != 1 for extent in outer):
        return None
    first = as_index(region.mins[-1])
    lanes = [region.buffer[(*region.mins[:-1], first + i)] for i in range(2)]
    return Vector.of_lanes(dtype(f"{region.buffer.dtype}x2"), lanes)


def _operation(name: str, *values: Any) -> Vector:
    builder = context.current(f"T.{name}")
    builder.require_kernel(f"T.{name}")
    pairs = [_pair(name, value) for value in values]
    kinds = {str(pair.dtype) for pair in pairs}
    if len(kinds) > 1:
        raise mistake(
            errors.OperandTypeError,
            f"T.{name} is given pairs of different types",
            expected="one type",
            got=" and ".join(sorted(kinds)),
            remedy="convert one of them, e.g. `T.float32x2(v[0], v[1])`",
        )
    kind = pairs[0].dtype
    words = [pair.words[0] if len(pair.words) == 1 else joined(*pair.words) for pair in pairs]
    # Named, because the lanes of results are read one by one.
    named = [builder.bind(f"{name}_operand", word) for word in words]
    call = ir.make_call(f"{name}_{kind.scalar}", named, {}, named[0].dtype)
    return _of_word(kind, builder.bind(builder.take_hint(name), call))


def _of_word(kind: dtype, word: ir.Expr) -> Vector:
    if word.dtype == "uint32":
        return Vector(kind, [word])
    high = ir.make_binary("shr", word, ir.const(32, "uint64"))
    return Vector(kind, [ir.make_cast("uint32", word), ir.make_cast("uint32", high)])


def add2(x: Any, y: Any) -> Vector:
    """X + y of both lanes.

    Raises:
        OperandTypeError: not pairs of one type; the same for the other operations.
    """
    return _operation("add2", x, y)


def sub2(x: Any, y: Any) -> Vector:
    """X - y of both lanes."""
    return _operation("sub2", x, y)


def mul2(x: Any, y: Any) -> Vector:
    """X * y of both lanes."""
    return _operation("mul2", x, y)


def fma2(x: Any, y: Any, z: Any) -> Vector:
    """X * y + z of both lanes, rounded once."""
    return _operation("fma2", x, y, z)


def max2(x: Any, y: Any) -> Vector:
    """The larger value of both lanes; NaN is ignored if the other value is a number."""
    return _operation("max2", x, y)


def min2(x: Any, y: Any) -> Vector:
    """The smaller value of both lanes; NaN is ignored if the other value is a number."""
    return _operation("min2", x, y)


def abs2(x: Any) -> Vector:
    """The absolute values of both lanes."""
    return _operation("abs2", x)


__all__ = ["abs2", "add2", "fma2", "max2", "min2", "mul2", "sub2"]
