"""The layout algebra under CuTe's names.

A layout ``shape:stride`` maps coordinates to integers. Flat indices count the first mode fastest.
Shapes, strides and coordinates are nested tuples of integers, or of IR expressions for tensors
whose extents are known only at launch. Every operation either obeys its law exactly or raises
``ValueError`` that names the modes in the way; ``docs/layout_algebra.md`` works through examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import tvm_ffi

from tilescale import _ffi

IntTuple = Any
"""An int, an integer expression, or a (nested) tuple of these."""

Tiler = Any
"""A `Layout`, an int n (for ``n:1``), or a tuple of tilers, one per mode (None: leave whole)."""


def _call(name: str, *args: Any) -> Any:
    return _ffi.get("layout." + name)(*args)


def _to_python(value: Any) -> Any:
    if isinstance(value, tvm_ffi.Array | tvm_ffi.Shape):
        return tuple(_to_python(v) for v in value)
    return value


def _to_ffi(value: Any) -> Any:
    """Nested sequences to tuples, integer-like leaves (NumPy) to int."""
    if isinstance(value, tuple | list | tvm_ffi.Array):
        return tuple(_to_ffi(v) for v in value)
    if value is None or isinstance(value, tvm_ffi.Object):
        return value
    return int(value)


class _Value(tvm_ffi.Object):
    """Equality and hash by structure."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and bool(tvm_ffi.structural_equal(self, other))

    def __hash__(self) -> int:
        return int(tvm_ffi.structural_hash(self))

    def __str__(self) -> str:
        return repr(self)


@tvm_ffi.register_object("tilescale.layout.Layout", init=False)
class Layout(_Value):
    """A hierarchical shape with congruent strides.

    Args:
        shape: extents, 0 and 1 included.
        stride: strides of the same profile; default compact, first mode fastest.

    Raises:
        ValueError: different profiles or a negative extent.
    """

    __slots__ = ()

    def __init__(self, shape: IntTuple, stride: IntTuple = None) -> None:
        make = _ffi.get("layout.MakeLayout")
        self.__init_handle_by_constructor__(make, _to_ffi(shape), _to_ffi(stride))

    @property
    def shape(self) -> Any:
        """Extents: an int, an expression or a nested tuple."""
        return _to_python(_call("Shape", self))

    @property
    def stride(self) -> Any:
        """Strides, of the profile of `shape`."""
        return _to_python(_call("Stride", self))

    def __call__(self, *coord: IntTuple) -> Any:
        """The value at a coordinate (one argument: a flat index or a tuple).

        With None in free places: the sublayout they span, whose offset `slice_and_offset` gives.
        """
        point = _to_ffi(coord[0] if len(coord) == 1 else coord)
        if _has_free_mode(point):
            return slice_and_offset(point, self)[0]
        return _call("Evaluate", self, point)

    def __getitem__(self, mode: int) -> Layout:
        out: Layout = _call("GetMode", self, mode + (rank(self) if mode < 0 else 0))
        return out

    def __len__(self) -> int:
        return rank(self)

    def __iter__(self) -> Iterator[Layout]:
        return (self[i] for i in range(rank(self)))


@tvm_ffi.register_object("tilescale.layout.Swizzle", init=False)
class Swizzle(_Value):
    """The involution ``x ^ ((x & source bits) >> shift)``.

    Args:
        bits: how many bits are changed.
        base: how many low bits stay.
        shift: distance from the changed bits up to their source (down if negative).

    Raises:
        ValueError: a negative count, or ``abs(shift) < bits``.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        bits: int
        base: int
        shift: int

    def __init__(self, bits: int, base: int, shift: int) -> None:
        make = _ffi.get("layout.MakeSwizzle")
        self.__init_handle_by_constructor__(make, bits, base, shift)

    def __call__(self, index: Any) -> Any:
        """The swizzled index: an int or an expression."""
        return _call("SwizzleApply", self, _to_ffi(index))

    def recast(self, old_bits: int, new_bits: int) -> Swizzle:
        """The same permutation of bytes, counted in elements of `new_bits` bits."""
        out: Swizzle = _call("SwizzleRecast", self, old_bits, new_bits)
        return out


@tvm_ffi.register_object("tilescale.layout.ComposedLayout", init=False)
class ComposedLayout(_Value):
    """``swizzle(offset + layout(coord))``.

    Args:
        swizzle: applied last.
        offset: a non-negative integer added inside.
        layout: with non-negative strides.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        swizzle: Swizzle
        offset: Any
        layout: Layout

    def __init__(self, swizzle: Swizzle, offset: Any, layout: Layout) -> None:
        make = _ffi.get("layout.MakeComposed")
        self.__init_handle_by_constructor__(make, swizzle, _to_ffi(offset), layout)

    @property
    def shape(self) -> Any:
        """Shape of the inner layout."""
        return self.layout.shape

    def __call__(self, *coord: IntTuple) -> Any:
        """The value at a coordinate; with None in free places, the composed sublayout."""
        point = _to_ffi(coord[0] if len(coord) == 1 else coord)
        name = "ComposedSlice" if _has_free_mode(point) else "ComposedEvaluate"
        return _call(name, self, point)

    def __getitem__(self, mode: int) -> ComposedLayout:
        return _with_inner(self, self.layout[mode])

    def inverse(self) -> ComposedLayout:
        """The composed layout that undoes this one.

        Raises:
            ValueError: not a bijection onto ``0 .. size-1``, or its inverse has no such form.
        """
        out: ComposedLayout = _call("ComposedInverse", self)
        return out


AnyLayout = Layout | ComposedLayout


def _has_free_mode(coord: Any) -> bool:
    return coord is None or (isinstance(coord, tuple) and any(_has_free_mode(c) for c in coord))


def _with_inner(composed: ComposedLayout, layout: Layout) -> ComposedLayout:
    out: ComposedLayout = _call("ComposedWithInner", composed, layout)
    return out


def _domain_operation(name: str, layout: Any, *args: Any) -> Any:
    """Applies an operation that touches the domain only: for composed layouts, to the inner one."""
    if isinstance(layout, ComposedLayout):
        return _with_inner(layout, _call(name, layout.layout, *args))
    return _call(name, layout, *args)


def make_layout(*args: Any) -> Layout:
    """``make_layout(shape, stride=None)``, or the layouts given as the modes of one."""
    if args and all(isinstance(a, Layout) for a in args):
        out: Layout = _call("Concat", args)
        return out
    return Layout(*args)


def make_row_major_layout(shape: IntTuple) -> Layout:
    """Compact, last mode fastest."""
    out: Layout = _call("MakeRowMajor", _to_ffi(shape))
    return out


def make_column_major_layout(shape: IntTuple) -> Layout:
    """Compact, first mode fastest."""
    return Layout(shape)


def product(value: IntTuple) -> Any:
    """Product of all leaves."""
    return _call("Product", _to_ffi(value))


def congruent(a: IntTuple, b: IntTuple) -> bool:
    """Whether two tuples have the same profile."""
    return bool(_call("Congruent", _to_ffi(a), _to_ffi(b)))


def compatible(a: IntTuple, b: IntTuple) -> bool:
    """Whether every coordinate of shape `a` is a coordinate of shape `b`."""
    return bool(_call("Compatible", _to_ffi(a), _to_ffi(b)))


def idx2crd(index: Any, shape: IntTuple) -> Any:
    """The natural coordinate of a flat index."""
    return _to_python(_call("IndexToCoord", _to_ffi(index), _to_ffi(shape)))


def crd2idx(coord: IntTuple, shape: IntTuple, stride: IntTuple = None) -> Any:
    """The offset of a coordinate; default strides: compact, first mode fastest."""
    return _call("CoordToIndex", _to_ffi(coord), _to_ffi(shape), _to_ffi(stride))


def size(layout: AnyLayout) -> Any:
    """Number of coordinates."""
    inner = layout.layout if isinstance(layout, ComposedLayout) else layout
    return _call("Size", inner)


def cosize(layout: AnyLayout) -> Any:
    """One past the largest value (strides by magnitude)."""
    name = "ComposedCosize" if isinstance(layout, ComposedLayout) else "Cosize"
    return _call(name, layout)


def rank(layout: AnyLayout) -> int:
    """Number of top-level modes; a leaf counts as one."""
    return int(_call("Rank", layout.layout if isinstance(layout, ComposedLayout) else layout))


def depth(layout: AnyLayout) -> int:
    """Levels of nesting; 0 for a leaf."""
    return int(_call("Depth", layout.layout if isinstance(layout, ComposedLayout) else layout))


def coalesce(layout: Any, by_mode: bool = False) -> Any:
    """The same function with as few modes as can be proved; `by_mode` keeps the rank."""
    return _domain_operation("CoalesceModes" if by_mode else "Coalesce", layout)


def filter(layout: Layout) -> Layout:  # noqa: A001 - CuTe's name
    """Drops the modes of stride 0 or extent 1 and coalesces."""
    out: Layout = _call("Filter", layout)
    return out


def flatten(layout: Any) -> Any:
    """All leaves in one tuple."""
    return _domain_operation("Flatten", layout)


def group_modes(layout: Any, begin: int, end: int) -> Any:
    """Gathers the modes ``begin .. end-1`` into one."""
    return _domain_operation("GroupModes", layout, begin, end)


def slice_and_offset(coord: IntTuple, layout: Layout) -> tuple[Layout, Any]:
    """The sublayout of the modes that are None in `coord`, and the offset of the others."""
    sublayout, offset = _call("Slice", layout, _to_ffi(coord))
    return sublayout, offset


def composition(lhs: Any, rhs: Tiler) -> Any:
    """The layout R with ``R(i) = lhs(rhs(i))``; a tuple composes mode by mode.

    Raises:
        ValueError: no layout has these values.
    """
    if isinstance(lhs, ComposedLayout):
        return _call("ComposedCompose", lhs, _to_ffi(rhs))
    if isinstance(lhs, Swizzle):
        return ComposedLayout(lhs, 0, rhs)
    return _call("Compose", lhs, _to_ffi(rhs))


def complement(layout: Layout, cotarget: Any = None) -> Layout:
    """The layout of the repetitions of `layout` that fill ``0 .. cotarget-1``.

    Args:
        layout: static; modes of stride 0 are ignored.
        cotarget: int or expression, default the cosize of `layout`.

    Raises:
        ValueError: `layout` overlaps itself, or its gaps cannot be filled by a layout.
    """
    target = cosize(layout) if cotarget is None else cotarget
    out: Layout = _call("Complement", layout, _to_ffi(target))
    return out


def right_inverse(layout: Layout) -> Layout:
    """A layout R with ``layout(R(i)) = i`` for all i below its size."""
    out: Layout = _call("RightInverse", layout)
    return out


def left_inverse(layout: Layout) -> Layout:
    """A layout L with ``L(layout(i)) = i`` for all i.

    Raises:
        ValueError: `layout` is not injective or has gaps that cannot be filled.
    """
    out: Layout = _call("LeftInverse", layout)
    return out


def logical_divide(layout: Any, tiler: Tiler) -> Any:
    """``(tile, rest)``; for a tuple tiler each mode becomes such a pair."""
    return _domain_operation("LogicalDivide", layout, _to_ffi(tiler))


def zipped_divide(layout: Any, tiler: Tiler) -> Any:
    """``((tile0, tile1, ...), (rest0, rest1, ...))``."""
    return _domain_operation("ZippedDivide", layout, _to_ffi(tiler))


def tiled_divide(layout: Any, tiler: Tiler) -> Any:
    """``((tile0, tile1, ...), rest0, rest1, ...)``."""
    return _domain_operation("TiledDivide", layout, _to_ffi(tiler))


def flat_divide(layout: Any, tiler: Tiler) -> Any:
    """``(tile0, tile1, ..., rest0, rest1, ...)``."""
    return _domain_operation("FlatDivide", layout, _to_ffi(tiler))


def logical_product(layout: Layout, tiler: Tiler) -> Layout:
    """``(layout, repetitions of it in the order of tiler)``."""
    out: Layout = _call("LogicalProduct", layout, _to_ffi(tiler))
    return out


def zipped_product(layout: Layout, tiler: Tiler) -> Layout:
    """``((mode0, mode1, ...), (repetition0, repetition1, ...))``."""
    out: Layout = _call("ZippedProduct", layout, _to_ffi(tiler))
    return out


def tiled_product(layout: Layout, tiler: Tiler) -> Layout:
    """``((mode0, mode1, ...), repetition0, repetition1, ...)``."""
    out: Layout = _call("TiledProduct", layout, _to_ffi(tiler))
    return out


def flat_product(layout: Layout, tiler: Tiler) -> Layout:
    """``(mode0, mode1, ..., repetition0, repetition1, ...)``."""
    out: Layout = _call("FlatProduct", layout, _to_ffi(tiler))
    return out


def blocked_product(block: Layout, tiler: Layout) -> Layout:
    """Mode by mode (block, tiler): copies of the block side by side."""
    out: Layout = _call("BlockedProduct", block, tiler)
    return out


def raked_product(block: Layout, tiler: Layout) -> Layout:
    """Mode by mode (tiler, block): copies of the block interleaved."""
    out: Layout = _call("RakedProduct", block, tiler)
    return out
