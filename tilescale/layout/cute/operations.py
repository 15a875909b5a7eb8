"""The operations of the algebra."""

from __future__ import annotations

from typing import Any

from tilescale.layout._value import call, to_ffi
from tilescale.layout.cute.objects import (
    ComposedLayout,
    IntTuple,
    Layout,
    Swizzle,
    Tiler,
    with_inner,
)
from tilescale.layout.cute.queries import cosize


def _domain(name: str, layout: Any, *args: Any) -> Any:
    """Applies an operation that touches the domain only: for composed layouts, to the inner one."""
    if isinstance(layout, ComposedLayout):
        return with_inner(layout, call(name, layout.layout, *args))
    return call(name, layout, *args)


def coalesce(layout: Any, by_mode: bool = False) -> Any:
    """The same function with as few modes as can be proved; `by_mode` keeps the rank."""
    return _domain("CoalesceModes" if by_mode else "Coalesce", layout)


def filter(layout: Layout) -> Layout:  # noqa: A001 - CuTe's name
    """Drops the modes of stride 0 or extent 1 and coalesces."""
    out: Layout = call("Filter", layout)
    return out


def flatten(layout: Any) -> Any:
    """All leaves in one tuple."""
    return _domain("Flatten", layout)


def group_modes(layout: Any, begin: int, end: int) -> Any:
    """Gathers the modes ``begin .. end-1`` into one."""
    return _domain("GroupModes", layout, begin, end)


def slice_and_offset(coord: IntTuple, layout: Layout) -> tuple[Layout, Any]:
    """The sublayout of the modes that are None in `coord`, and the offset of the others."""
    sublayout, offset = call("Slice", layout, to_ffi(coord))
    return sublayout, offset


def composition(lhs: Any, rhs: Tiler) -> Any:
    """The layout R with ``R(i) = lhs(rhs(i))``; a tuple composes mode by mode.

    Raises:
        ValueError: no layout has these values.
    """
    if isinstance(lhs, ComposedLayout):
        return call("ComposedCompose", lhs, to_ffi(rhs))
    if isinstance(lhs, Swizzle):
        return ComposedLayout(lhs, 0, rhs)
    return call("Compose", lhs, to_ffi(rhs))


def complement(layout: Layout, cotarget: Any = None) -> Layout:
    """The layout of the repetitions of `layout` that fill ``0 .. cotarget-1``.

    Args:
        layout: static; modes of stride 0 are ignored.
        cotarget: int or expression, default the cosize of `layout`.

    Raises:
        ValueError: `layout` overlaps itself, or its gaps cannot be filled by a layout.
    """
    target = cosize(layout) if cotarget is None else cotarget
    out: Layout = call("Complement", layout, to_ffi(target))
    return out


def right_inverse(layout: Layout) -> Layout:
    """A layout R with ``layout(R(i)) = i`` for all i below its size."""
    out: Layout = call("RightInverse", layout)
    return out


def left_inverse(layout: Layout) -> Layout:
    """A layout L with ``L(layout(i)) = i`` for all i.

    Raises:
        ValueError: `layout` is not injective or has gaps that cannot be filled.
    """
    out: Layout = call("LeftInverse", layout)
    return out


def logical_divide(layout: Any, tiler: Tiler) -> Any:
    """``(tile, rest)``; for a tuple tiler each mode becomes such a pair."""
    return _domain("LogicalDivide", layout, to_ffi(tiler))


def zipped_divide(layout: Any, tiler: Tiler) -> Any:
    """``((tile0, tile1, ...), (rest0, rest1, ...))``."""
    return _domain("ZippedDivide", layout, to_ffi(tiler))


def tiled_divide(layout: Any, tiler: Tiler) -> Any:
    """``((tile0, tile1, ...), rest0, rest1, ...)``."""
    return _domain("TiledDivide", layout, to_ffi(tiler))


def flat_divide(layout: Any, tiler: Tiler) -> Any:
    """``(tile0, tile1, ..., rest0, rest1, ...)``."""
    return _domain("FlatDivide", layout, to_ffi(tiler))


def logical_product(layout: Layout, tiler: Tiler) -> Layout:
    """``(layout, repetitions of it in the order of tiler)``."""
    out: Layout = call("LogicalProduct", layout, to_ffi(tiler))
    return out


def zipped_product(layout: Layout, tiler: Tiler) -> Layout:
    """``((mode0, mode1, ...), (repetition0, repetition1, ...))``."""
    out: Layout = call("ZippedProduct", layout, to_ffi(tiler))
    return out


def tiled_product(layout: Layout, tiler: Tiler) -> Layout:
    """``((mode0, mode1, ...), repetition0, repetition1, ...)``."""
    out: Layout = call("TiledProduct", layout, to_ffi(tiler))
    return out


def flat_product(layout: Layout, tiler: Tiler) -> Layout:
    """``(mode0, mode1, ..., repetition0, repetition1, ...)``."""
    out: Layout = call("FlatProduct", layout, to_ffi(tiler))
    return out


def blocked_product(block: Layout, tiler: Layout) -> Layout:
    """Mode by mode (block, tiler): copies of the block side by side."""
    out: Layout = call("BlockedProduct", block, tiler)
    return out


def raked_product(block: Layout, tiler: Layout) -> Layout:
    """Mode by mode (tiler, block): copies of the block interleaved."""
    out: Layout = call("RakedProduct", block, tiler)
    return out


def split_power_of_two(layout: Layout) -> tuple[Layout, Layout]:
    """The power-of-two block inside a layout, and the layout of the blocks.

    Returns:
        ``(inner, outer)`` of the same profile: each extent is a power of two times an odd number,
        which go to `inner` and `outer`. Leaf coordinate ``i + 2**k * o`` lies at
        ``inner(i) + outer(o)``.
    """
    inner, outer = call("SplitPowerOfTwo", layout)
    return inner, outer


def max_common_vector(a: Layout, b: Layout) -> int:
    """How many consecutive elements a copy between two layouts can move at once.

    The largest g such that both map each g flat indices from a multiple of g on to consecutive
    values.
    """
    return int(call("MaxCommonVector", a, b))


def upcast(layout: Layout, factor: int) -> Layout:
    """The layout counted in elements `factor` times as large.

    Raises:
        ValueError: not exactly one mode runs through the small elements of a large one.
    """
    out: Layout = call("Upcast", layout, factor)
    return out


def downcast(layout: Layout, factor: int) -> Layout:
    """The layout counted in elements `factor` times as small."""
    out: Layout = call("Downcast", layout, factor)
    return out
