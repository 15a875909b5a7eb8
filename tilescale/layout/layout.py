"""Layouts given as functions of the indices, as tile kernels annotate them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import tvm_ffi

from tilescale import _ffi, ir
from tilescale.layout import cute
from tilescale.layout._value import Value, call


def static_extents(shape: Any) -> tuple[int, ...]:
    """The constant extents of a shape given as ints or expressions.

    Raises:
        ValueError: an extent that is known only at launch.
    """
    extents = []
    for extent in shape:
        value = ir.as_const_int(extent) if isinstance(extent, ir.Expr) else int(extent)
        if value is None:
            raise ValueError(
                "a tile layout needs constant extents, got one that is known only at launch; "
                "tilescale.layout.cute.Layout takes symbolic ones"
            )
        extents.append(value)
    return tuple(extents)


def index_var(name: str) -> ir.Var:
    """A fresh index variable."""
    return ir.Var(name, "int32")


def index_vars(count: int) -> list[ir.Var]:
    """The variables ``i0, i1, ...``."""
    return [index_var(f"i{d}") for d in range(count)]


def as_exprs(values: Any) -> list[ir.Expr]:
    """One value or a sequence of values, ints or expressions, as expressions."""
    if not isinstance(values, list | tuple | tvm_ffi.Array):
        values = [values]
    return [v if isinstance(v, ir.Expr) else ir.const(int(v), "int32") for v in values]


@tvm_ffi.register_object("tilescale.layout.IndexMap", init=False)
class Layout(Value):
    """A map from the coordinates of a tile to physical coordinates.

    Args:
        shape: extents of the tile, constants.
        forward_fn: takes one index variable per dimension, returns the physical index or a list
            of them, in integer arithmetic (``+ - * // % & | ^ << >>``, comparisons, selects).

    Raises:
        ValueError: an extent that is no constant, or an index that is negative somewhere or no
            integer arithmetic on the variables.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        vars: Sequence[ir.Var]
        input_shape: Sequence[int]
        output_shape: Sequence[int]
        outputs: Sequence[ir.Expr]

    def __init__(self, shape: Sequence[Any], forward_fn: Callable[..., Any]) -> None:
        extents = static_extents(shape)
        variables = index_vars(len(extents))
        outputs = as_exprs(forward_fn(*variables))
        make = _ffi.get("layout.MakeIndexMap")
        self.__init_handle_by_constructor__(make, variables, tvm_ffi.Shape(extents), outputs)

    @staticmethod
    def from_cute(layout: cute.Layout | cute.ComposedLayout, shape: Sequence[Any]) -> Layout:
        """The flat offset that `layout` gives to the coordinates of `shape`."""
        if isinstance(layout, cute.Layout):
            layout = cute.ComposedLayout(cute.Swizzle(0, 0, 0), 0, layout)
        extents = tvm_ffi.Shape(static_extents(shape))
        out: Layout = call("IndexMapFromComposed", layout, extents)
        return out

    @staticmethod
    def from_table(shape: Sequence[int], offsets: Any) -> Layout:
        """The layout with these offsets.

        Args:
            shape: extents of the tile.
            offsets: a non-negative int for each coordinate, last dimension fastest; nested
                sequences and arrays are flattened.

        Raises:
            ValueError: a table of another size, or one that is no swizzle of a layout.
        """
        table = tvm_ffi.Shape(tuple(_flat_ints(offsets)))
        out: Layout = call("IndexMapFromTable", tvm_ffi.Shape(static_extents(shape)), table)
        return out

    @property
    def index(self) -> list[ir.Expr]:
        """The physical indices as expressions of `get_forward_vars`."""
        return list(self.outputs)

    def get_forward_vars(self) -> list[ir.Var]:
        """The index variables."""
        return list(self.vars)

    def get_forward_index(self) -> list[ir.Expr]:
        """The same as `index`."""
        return self.index

    def get_input_shape(self) -> list[int]:
        """Extents of the tile."""
        return list(self.input_shape)

    def get_output_shape(self) -> list[int]:
        """One past the largest value of each physical index."""
        return list(self.output_shape)

    def map_forward_index(self, indices: Sequence[Any]) -> list[ir.Expr]:
        """The physical indices of the given logical ones (ints or expressions)."""
        return list(call("IndexMapApply", self, as_exprs(list(indices))))

    def __call__(self, *indices: Any) -> list[ir.Expr]:
        """The same as `map_forward_index`."""
        return self.map_forward_index(indices)

    def offsets(self) -> list[int]:
        """The flat physical offset of each coordinate, both with the last dimension fastest."""
        return list(call("IndexMapOffsets", self))

    def to_cute(self) -> cute.ComposedLayout | None:
        """The offsets as a swizzle of a shape:stride layout, if they are one."""
        out: cute.ComposedLayout | None = call("IndexMapRecognize", self)
        return out

    def inverse(self) -> Layout:
        """The layout from physical coordinates to logical ones.

        Raises:
            ValueError: not a bijection onto `get_output_shape`, or no closed form.
        """
        out: Layout = call("IndexMapInverse", self)
        return out

    def repeat(self, dim: int, factor: int) -> Layout:
        """`factor` copies along dimension `dim`; which copy is a new leading physical index."""
        out: Layout = call("IndexMapRepeat", self, dim, factor)
        return out

    def expand(self, leading_shape: Sequence[int]) -> Layout:
        """Leading dimensions that map to themselves."""
        out: Layout = call("IndexMapExpand", self, tvm_ffi.Shape(static_extents(leading_shape)))
        return out

    def reshape(self, shape: Sequence[int], rescale_num: int = 1, rescale_den: int = 1) -> Layout:
        """The same elements under another logical shape.

        Args:
            shape: the new extents.
            rescale_num: with `rescale_den`: a new element is ``rescale_num / rescale_den`` of the
                old ones; physical indices keep counting old elements.
            rescale_den: see `rescale_num`.
        """
        extents = tvm_ffi.Shape(static_extents(shape))
        out: Layout = call("IndexMapReshape", self, extents, rescale_num, rescale_den)
        return out

    def is_equal(self, other: Layout) -> bool:
        """Whether both map every coordinate alike, however they are written."""
        return isinstance(other, Layout) and bool(call("IndexMapSame", self, other))


def _flat_ints(values: Any) -> list[int]:
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list | tuple):
        return [x for v in values for x in _flat_ints(v)]
    return [int(values)]
