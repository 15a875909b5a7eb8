"""Shared-memory layouts of a tile, by the names that TileLang users know."""

from __future__ import annotations

from typing import Any

import tvm_ffi

from tilescale.layout._value import call
from tilescale.layout.layout import Layout, static_extents

_SPANS = (128, 64, 32)


def _tile(args: tuple[Any, ...], counts: tuple[int, ...]) -> tuple[list[int], int]:
    """Shape and element bits from a buffer (or load, or region), a shape, or plain ints."""
    if len(args) == 1:
        value = getattr(args[0], "buffer", args[0])
        bits = tvm_ffi.dtype(str(value.dtype)).bits if hasattr(value, "dtype") else 16
        shape = list(static_extents(getattr(value, "shape", value)))
    elif len(args) in counts:
        shape = list(static_extents(args[:2]))
        bits = int(args[2]) if len(args) > 2 else 16
    else:
        wanted = " or ".join(str(n) for n in (1, *counts))
        raise TypeError(f"expected {wanted} arguments: a buffer, or its sizes; got {len(args)}")
    if len(shape) < 2:
        raise ValueError(f"a swizzled layout needs two dimensions or more, got shape {shape}")
    return shape, bits


def _leading(tile: Any, shape: list[int]) -> Layout:
    """A layout of the last two dimensions, leading ones mapping to themselves."""
    layout = Layout.from_cute(tile, shape[-2:])
    return layout.expand(shape[:-2]) if len(shape) > 2 else layout


def _bank_swizzled(args: tuple[Any, ...], span: int) -> Layout:
    shape, bits = _tile(args, (3,))
    return _leading(call("MakeBankSwizzledTile", shape[-2], shape[-1], bits, span), shape)


def make_full_bank_swizzled_layout(*args: Any) -> Layout:
    """Swizzle over 128-byte spans: 8 rows of 8 chunks of 16 bytes, conflict-free.

    Args:
        *args: a buffer (or load or region of one), or ``stride, continuous, element_bits``.

    Raises:
        ValueError: a row is no whole number of spans.
    """
    return _bank_swizzled(args, 128)


def make_half_bank_swizzled_layout(*args: Any) -> Layout:
    """Swizzle over 64-byte spans; arguments as `make_full_bank_swizzled_layout`."""
    return _bank_swizzled(args, 64)


def make_quarter_bank_swizzled_layout(*args: Any) -> Layout:
    """Swizzle over 32-byte spans; arguments as `make_full_bank_swizzled_layout`."""
    return _bank_swizzled(args, 32)


def make_linear_layout(*args: Any) -> Layout:
    """Row-major without gaps.

    Args:
        *args: a buffer (or load or region of one), a shape, or ``stride, continuous``.
    """
    shape, _ = _tile(args, (2,))
    return _leading(call("MakeLinearTile", shape[-2], shape[-1], 0), shape)


def make_swizzled_layout(
    buffer_or_shape: Any, k_major: bool = True, allow_pad: bool = True, *, dtype: Any = None
) -> Layout:
    """The widest swizzle that the rows allow: 128, 64 or 32 bytes.

    Args:
        buffer_or_shape: a buffer (or load or region of one), or a shape together with `dtype`.
        k_major: accepted for ported programs: spans follow the contiguous dimension either way.
        allow_pad: where no swizzle fits, pad each row by 16 bytes instead of leaving it linear.
        dtype: element type where a shape is given; default float16.

    Returns:
        A layout of the buffer's shape to one physical index per leading dimension and one for the
        tile of the last two.

    Raises:
        ValueError: fewer than two dimensions, or extents known only at launch.
    """
    del k_major
    shape, bits = _tile((buffer_or_shape,), ())
    if dtype is not None:
        bits = tvm_ffi.dtype(str(dtype)).bits
    for span in _SPANS:
        if shape[-1] * bits % (span * 8) == 0:
            return _leading(call("MakeBankSwizzledTile", shape[-2], shape[-1], bits, span), shape)
    padding = 128 // bits if allow_pad else 0
    return _leading(call("MakeLinearTile", shape[-2], shape[-1], padding), shape)
