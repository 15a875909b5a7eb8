"""What the layout objects share: calls into the library, conversions, equality by structure."""

from __future__ import annotations

from typing import Any

import tvm_ffi

from tilescale import _ffi


def call(name: str, *args: Any) -> Any:
    """Calls ``tilescale.layout.<name>``."""
    return _ffi.get("layout." + name)(*args)


def to_python(value: Any) -> Any:
    """Arrays and shapes to nested tuples."""
    if isinstance(value, tvm_ffi.Array | tvm_ffi.Shape):
        return tuple(to_python(v) for v in value)
    return value


def to_ffi(value: Any) -> Any:
    """Nested sequences to tuples, integer-like leaves (NumPy) to int."""
    if isinstance(value, tuple | list | tvm_ffi.Array):
        return tuple(to_ffi(v) for v in value)
    if value is None or isinstance(value, tvm_ffi.Object):
        return value
    return int(value)


class Value(tvm_ffi.Object):
    """Equality and hash by structure."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and bool(tvm_ffi.structural_equal(self, other))

    def __hash__(self) -> int:
        return int(tvm_ffi.structural_hash(self))

    def __str__(self) -> str:
        return repr(self)
