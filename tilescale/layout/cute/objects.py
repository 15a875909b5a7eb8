"""Layouts, swizzles and their compositions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import tvm_ffi

from tilescale import _ffi
from tilescale.layout._value import Value, call, to_ffi, to_python

IntTuple = Any
"""An int, an integer expression, or a (nested) tuple of these."""

Tiler = Any
"""A `Layout`, an int n (for ``n:1``), or a tuple of tilers, one per mode (None: leave whole)."""


def has_free_mode(coord: Any) -> bool:
    """Whether None stands for some mode."""
    return coord is None or (isinstance(coord, tuple) and any(has_free_mode(c) for c in coord))


@tvm_ffi.register_object("tilescale.layout.Layout", init=False)
class Layout(Value):
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
        self.__init_handle_by_constructor__(make, to_ffi(shape), to_ffi(stride))

    @property
    def shape(self) -> Any:
        """Extents: an int, an expression or a nested tuple."""
        return to_python(call("Shape", self))

    @property
    def stride(self) -> Any:
        """Strides, of the profile of `shape`."""
        return to_python(call("Stride", self))

    def __call__(self, *coord: IntTuple) -> Any:
        """The value at a coordinate (one argument: a flat index or a tuple).

        With None in free places: the sublayout they span, whose offset `slice_and_offset` gives.
        """
        point = to_ffi(coord[0] if len(coord) == 1 else coord)
        if has_free_mode(point):
            return call("Slice", self, point)[0]
        return call("Evaluate", self, point)

    def __getitem__(self, mode: int) -> Layout:
        out: Layout = call("GetMode", self, mode + (len(self) if mode < 0 else 0))
        return out

    def __len__(self) -> int:
        return int(call("Rank", self))

    def __iter__(self) -> Iterator[Layout]:
        return (self[i] for i in range(len(self)))


@tvm_ffi.register_object("tilescale.layout.Swizzle", init=False)
class Swizzle(Value):
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
        return call("SwizzleApply", self, to_ffi(index))

    def recast(self, old_bits: int, new_bits: int) -> Swizzle:
        """The same permutation of bytes, counted in elements of `new_bits` bits."""
        out: Swizzle = call("SwizzleRecast", self, old_bits, new_bits)
        return out


@tvm_ffi.register_object("tilescale.layout.ComposedLayout", init=False)
class ComposedLayout(Value):
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
        self.__init_handle_by_constructor__(make, swizzle, to_ffi(offset), layout)

    @property
    def shape(self) -> Any:
        """Shape of the inner layout."""
        return self.layout.shape

    def __call__(self, *coord: IntTuple) -> Any:
        """The value at a coordinate; with None in free places, the composed sublayout."""
        point = to_ffi(coord[0] if len(coord) == 1 else coord)
        name = "ComposedSlice" if has_free_mode(point) else "ComposedEvaluate"
        return call(name, self, point)

    def __getitem__(self, mode: int) -> ComposedLayout:
        return with_inner(self, self.layout[mode])

    def inverse(self) -> ComposedLayout:
        """The composed layout that undoes this one.

        Raises:
            ValueError: not a bijection onto ``0 .. size-1``, or its inverse has no such form.
        """
        out: ComposedLayout = call("ComposedInverse", self)
        return out


def with_inner(composed: ComposedLayout, layout: Layout) -> ComposedLayout:
    """The swizzle and offset of `composed` on another layout."""
    out: ComposedLayout = call("ComposedWithInner", composed, layout)
    return out


AnyLayout = Layout | ComposedLayout
