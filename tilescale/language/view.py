"""`T.reshape` and `T.view`: the same memory under another shape or type."""

from __future__ import annotations

import math
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.annotations import as_shape
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.values import const_int, describe, format_shape


def view(src: Buffer, shape: Any = None, dtype: Any = None, strides: Any = None) -> Buffer:
    """The memory of `src` with another shape, element type, or both.

    Args:
        src: a buffer without gaps.
        shape: new extents; those of `src` by default.
        dtype: new element type; that of `src` by default.
        strides: in elements; row-major without gaps if absent.

    Raises:
        NotABufferError: `src` is not a whole buffer.
        ViewShapeError: the number of bits differs.
    """
    if not isinstance(src, Buffer):
        raise mistake(
            errors.NotABufferError,
            "a view is made of something that is not a whole buffer",
            got=describe(src),
            remedy="pass the buffer, and use a region of the view",
        )
    builder = context.current("T.view")
    builder.require_kernel("T.view")
    dims = src.shape if shape is None else as_shape(shape)
    kind = src.dtype if dtype is None else to_dtype(dtype)
    _check_bits(src, dims, kind)
    name = builder.take_hint(f"{src.name}_view")
    buffer = Buffer(name, kind, dims, src.space, () if strides is None else as_shape(strides))
    builder.emit(ir.View(buffer.node, src.node, builder.span()))
    return buffer


def reshape(src: Buffer, shape: Any) -> Buffer:
    """The memory of `src` with another shape of the same number of elements; raises as `view`."""
    return view(src, shape)


def _check_bits(src: Buffer, dims: tuple[Any, ...], kind: Any) -> None:
    old = [const_int(dim) for dim in src.shape]
    new = [const_int(dim) for dim in dims]
    if None in old or None in new:
        return
    have = math.prod(d for d in old if d is not None) * src.dtype.bits
    want = math.prod(d for d in new if d is not None) * kind.bits
    if have != want:
        raise mistake(
            errors.ViewShapeError,
            f"a view of `{src.name}` does not have the same number of bits",
            expected=f"{have} bits, as {src.dtype}{format_shape(src.shape)} has",
            got=f"{want} bits in {kind}{format_shape(dims)}",
            remedy="choose extents whose product times the bits of an element is the same",
        )


__all__ = ["reshape", "view"]
