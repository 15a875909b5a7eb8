"""Maps that are linear over F2: the power-of-two inner blocks of layouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import tvm_ffi

from tilescale import _ffi
from tilescale.layout._value import Value, call
from tilescale.layout.cute import ComposedLayout, Layout, Swizzle


@tvm_ffi.register_object("tilescale.layout.LinearF2", init=False)
class LinearF2(Value):
    """A linear map of bit vectors: index to value, as a layout of power-of-two size has it.

    Args:
        basis: the image of each input bit.
        out_bits: bits of the values.

    Raises:
        ValueError: an image that does not fit, or more than 62 bits.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        basis: Sequence[int]
        out_bits: int

    def __init__(self, basis: Sequence[int], out_bits: int) -> None:
        make = _ffi.get("layout.MakeLinearF2")
        self.__init_handle_by_constructor__(make, tvm_ffi.Shape(tuple(basis)), out_bits)

    @staticmethod
    def from_layout(layout: Layout | ComposedLayout) -> LinearF2:
        """The map with the values of `layout` at its flat indices.

        Raises:
            ValueError: an extent that is no power of two, strides that carry, or an offset.
        """
        composed = isinstance(layout, ComposedLayout)
        out: LinearF2 = call("LinearFromComposed" if composed else "LinearFromLayout", layout)
        return out

    @staticmethod
    def from_swizzle(swizzle: Swizzle, num_bits: int) -> LinearF2:
        """The swizzle as a map of `num_bits` bits to themselves."""
        out: LinearF2 = call("LinearFromSwizzle", swizzle, num_bits)
        return out

    @property
    def in_bits(self) -> int:
        """Bits of the indices."""
        return len(self.basis)

    @property
    def rank(self) -> int:
        """Dimension of the image."""
        return int(call("LinearRank", self))

    @property
    def kernel(self) -> tuple[int, ...]:
        """A basis of the indices that map to 0."""
        return tuple(call("LinearKernel", self))

    def __call__(self, index: int) -> int:
        """The value at `index`; ValueError if it does not fit the input bits."""
        return int(call("LinearApply", self, index))

    def compose(self, rhs: LinearF2) -> LinearF2:
        """The map ``i -> self(rhs(i))``."""
        out: LinearF2 = call("LinearCompose", self, rhs)
        return out

    def inverse(self) -> LinearF2:
        """The two-sided inverse; ValueError unless square and of full rank."""
        out: LinearF2 = call("LinearInverse", self)
        return out

    def right_inverse(self) -> LinearF2:
        """A map R with ``self(R(v)) = v`` for all values; ValueError unless onto."""
        out: LinearF2 = call("LinearRightInverse", self)
        return out

    def to_layout(self) -> Layout | None:
        """The shape:stride layout with these values, if there is one."""
        out: Layout | None = call("LinearToLayout", self)
        return out

    def to_composed(self) -> ComposedLayout:
        """The swizzle of a layout with these values; ValueError if there is none."""
        out: ComposedLayout = call("LinearToComposed", self)
        return out
