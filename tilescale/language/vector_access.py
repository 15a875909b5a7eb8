"""Loads and stores of 4, 8, 16 or 32 neighbouring bytes by one instruction.

A load of more than 32 bits gives a vector of uint32. The address is an element such as `A[i, j]`,
or a region or buffer, whose first element is meant; it must be a multiple of the bytes. Where the
predicate is false, or where some of the bytes lie outside of the buffer, a load gives zeros and a
store does nothing.
"""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype
from tilescale.frontend.values import as_condition, const_int, describe, format_shape
from tilescale.frontend.vector import Vector, vector_of
from tilescale.language.atomic import address_of

_WORD = 32


def _wrong(what: str, expected: str, got: str, remedy: str) -> errors.TileScaleError:
    return mistake(errors.OperatorArgumentError, what, expected=expected, got=got, remedy=remedy)


def _address(name: str, place: Any, space: str, bits: int) -> ir.AddressOf:
    """The address of `bits` bits in the memory `space`."""
    found = place if isinstance(place, ir.AddressOf) else address_of(place)
    assert isinstance(found, ir.AddressOf)
    buffer = Buffer.of(found.buffer)
    if buffer.space != space:
        got = f"{buffer.space} memory"
        remedy = "T.ldg and T.stg are for tensors, T.lds and T.sts for T.alloc_shared"
        raise _wrong(f"T.{name} is given another memory", f"{space} memory", got, remedy)
    if buffer.dtype.bits < 8 or buffer.dtype.lanes > 1:
        whole = "elements of whole bytes"
        remedy = "declare the tensor with a type such as uint8"
        raise _wrong(f"T.{name} moves bytes", whole, str(buffer.dtype), remedy)
    step = const_int(buffer.strides[-1]) if buffer.strides else 1
    if step != 1:
        apart = f"`{buffer.name}`, whose neighbours lie apart"
        remedy = "load and store single elements"
        raise _wrong(f"T.{name} moves neighbours", "a last stride of 1", apart, remedy)
    _check_size(name, buffer, bits)
    return found


def _check_size(name: str, buffer: Buffer, bits: int) -> None:
    """Whether a buffer of constant extents holds that much at all."""
    extents = [const_int(extent) for extent in buffer.shape]
    size = buffer.dtype.bits
    for extent in extents[-1:] if buffer.strides else extents:
        if extent is None:
            return
        size *= extent
    if size < bits:
        raise _wrong(
            f"T.{name} moves more than `{buffer.name}` has",
            f"at least {bits // buffer.dtype.bits} neighbours",
            f"the shape {format_shape(buffer.shape)}",
            "use a narrower access",
        )


def _emit(name: str, op: str, bits: int, values: list[Any], pred: Any) -> None:
    builder = context.current(f"T.{name}")
    guard = ir.const(True, "bool") if pred is None else as_condition(pred)
    attrs = {"bytes": bits // 8, "called": name}
    call = ir.make_call(op, [*values, guard], attrs, "int32")
    builder.emit_in_kernel(f"T.{name}", ir.Evaluate(call, builder.span()))


def _words(default: str, count: int) -> Buffer:
    """An array of 32-bit words of the thread's own."""
    builder = context.current(f"T.{default}")
    builder.require_kernel(f"T.{default}")
    buffer = Buffer(builder.take_hint(default), "uint32", (count,), "local")
    builder.emit(ir.Alloc(buffer.node, None, builder.span()))
    return buffer


def _load(name: str, space: str, bits: int, src: Any, pred: Any) -> Any:
    count = bits // _WORD
    start = _address(name, src, space, bits)
    words = _words(name, count)
    _emit(name, "load_vector", bits, [words.access_ptr(), start], pred)
    lanes = [words[i] for i in range(count)]
    return lanes[0] if count == 1 else Vector(dtype(f"uint32x{count}"), lanes, words)


def _store(name: str, space: str, bits: int, dst: Any, value: Any, pred: Any) -> None:
    start = _address(name, dst, space, bits)
    vector = vector_of(value, f"T.{name}")
    if len(vector.words) * _WORD != bits:
        raise _wrong(
            f"T.{name} is given a value of another width",
            f"{bits} bits",
            f"{len(vector.words) * _WORD} bits: {describe(value)}",
            f"use T.{name[:3]}{len(vector.words) * _WORD}, or choose lanes of the vector",
        )
    _emit(name, "store_vector", bits, [start, _held(name, vector)], pred)


def _held(name: str, vector: Vector) -> ir.Expr:
    """The address of the vector's words: the array that they were loaded into, or a new one."""
    if vector.array is not None:
        return vector.array.access_ptr()
    builder = context.current(f"T.{name}")
    words = Buffer(f"{name}_words", "uint32", (len(vector.words),), "local")
    builder.emit(ir.Alloc(words.node, None, builder.span()))
    for i, word in enumerate(vector.words):
        words[i] = word
    return words.access_ptr()


def ldg32(src: Any, pred: Any = None) -> Any:
    """Loads 32 bits from global memory: a uint32."""
    return _load("ldg32", "global", 32, src, pred)


def ldg64(src: Any, pred: Any = None) -> Any:
    """Loads 64 bits from global memory: a vector of 2 uint32."""
    return _load("ldg64", "global", 64, src, pred)


def ldg128(src: Any, pred: Any = None) -> Any:
    """Loads 128 bits from global memory: a vector of 4 uint32."""
    return _load("ldg128", "global", 128, src, pred)


def ldg256(src: Any, pred: Any = None) -> Any:
    """Loads 256 bits from global memory, a vector of 8 uint32: sm_100 and newer."""
    return _load("ldg256", "global", 256, src, pred)


def stg32(dst: Any, value: Any, pred: Any = None) -> None:
    """Stores a scalar or vector of 32 bits into global memory."""
    _store("stg32", "global", 32, dst, value, pred)


def stg64(dst: Any, value: Any, pred: Any = None) -> None:
    """Stores a scalar or vector of 64 bits into global memory."""
    _store("stg64", "global", 64, dst, value, pred)


def stg128(dst: Any, value: Any, pred: Any = None) -> None:
    """Stores a vector of 128 bits into global memory."""
    _store("stg128", "global", 128, dst, value, pred)


def stg256(dst: Any, value: Any, pred: Any = None) -> None:
    """Stores a vector of 256 bits into global memory: sm_100 and newer."""
    _store("stg256", "global", 256, dst, value, pred)


def lds32(src: Any, pred: Any = None) -> Any:
    """Loads 32 bits from shared memory: a uint32."""
    return _load("lds32", "shared", 32, src, pred)


def lds64(src: Any, pred: Any = None) -> Any:
    """Loads 64 bits from shared memory: a vector of 2 uint32."""
    return _load("lds64", "shared", 64, src, pred)


def lds128(src: Any, pred: Any = None) -> Any:
    """Loads 128 bits from shared memory: a vector of 4 uint32."""
    return _load("lds128", "shared", 128, src, pred)


def sts32(dst: Any, value: Any, pred: Any = None) -> None:
    """Stores a scalar or vector of 32 bits into shared memory."""
    _store("sts32", "shared", 32, dst, value, pred)


def sts64(dst: Any, value: Any, pred: Any = None) -> None:
    """Stores a scalar or vector of 64 bits into shared memory."""
    _store("sts64", "shared", 64, dst, value, pred)


def sts128(dst: Any, value: Any, pred: Any = None) -> None:
    """Stores a vector of 128 bits into shared memory."""
    _store("sts128", "shared", 128, dst, value, pred)


__all__ = [
    "ldg32",
    "ldg64",
    "ldg128",
    "ldg256",
    "lds32",
    "lds64",
    "lds128",
    "stg32",
    "stg64",
    "stg128",
    "stg256",
    "sts32",
    "sts64",
    "sts128",
]
