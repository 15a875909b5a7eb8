"""Making layouts, and reading sizes and coordinates off them."""

from __future__ import annotations

from typing import Any

from tilescale.layout._value import call, to_ffi, to_python
from tilescale.layout.cute.objects import AnyLayout, ComposedLayout, IntTuple, Layout


def make_layout(*args: Any) -> Layout:
    """``make_layout(shape, stride=None)``, or the layouts given as the modes of one."""
    if args and all(isinstance(a, Layout) for a in args):
        out: Layout = call("Concat", args)
        return out
    return Layout(*args)


def make_row_major_layout(shape: IntTuple) -> Layout:
    """Compact, last mode fastest."""
    out: Layout = call("MakeRowMajor", to_ffi(shape))
    return out


def make_column_major_layout(shape: IntTuple) -> Layout:
    """Compact, first mode fastest."""
    return Layout(shape)


def product(value: IntTuple) -> Any:
    """Product of all leaves."""
    return call("Product", to_ffi(value))


def congruent(a: IntTuple, b: IntTuple) -> bool:
    """Whether two tuples have the same profile."""
    return bool(call("Congruent", to_ffi(a), to_ffi(b)))


def compatible(a: IntTuple, b: IntTuple) -> bool:
    """Whether every coordinate of shape `a` is a coordinate of shape `b`."""
    return bool(call("Compatible", to_ffi(a), to_ffi(b)))


def idx2crd(index: Any, shape: IntTuple) -> Any:
    """The natural coordinate of a flat index."""
    return to_python(call("IndexToCoord", to_ffi(index), to_ffi(shape)))


def crd2idx(coord: IntTuple, shape: IntTuple, stride: IntTuple = None) -> Any:
    """The offset of a coordinate; default strides: compact, first mode fastest."""
    return call("CoordToIndex", to_ffi(coord), to_ffi(shape), to_ffi(stride))


def size(layout: AnyLayout) -> Any:
    """Number of coordinates."""
    inner = layout.layout if isinstance(layout, ComposedLayout) else layout
    return call("Size", inner)


def cosize(layout: AnyLayout) -> Any:
    """One past the largest value (strides by magnitude)."""
    name = "ComposedCosize" if isinstance(layout, ComposedLayout) else "Cosize"
    return call(name, layout)


def rank(layout: AnyLayout) -> int:
    """Number of top-level modes; a leaf counts as one."""
    return int(call("Rank", layout.layout if isinstance(layout, ComposedLayout) else layout))


def depth(layout: AnyLayout) -> int:
    """Levels of nesting; 0 for a leaf."""
    return int(call("Depth", layout.layout if isinstance(layout, ComposedLayout) else layout))
