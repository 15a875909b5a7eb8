"""Raw pointers and tensors at addresses computed in the kernel."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.frontend import context
from tilescale.frontend.annotations import PointerType, as_shape
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.signature import check_extents
from tilescale.frontend.values import Scalar, as_expr

ptr = PointerType()
"""The type of a parameter that is a raw pointer: `p: T.ptr` or `p: T.ptr(T.float32)`."""


def make_tensor(pointer: Scalar, shape: Any, dtype: Any = "float32", strides: Any = None) -> Buffer:
    """A global tensor at an address.

    Args:
        pointer: a pointer parameter, or a 64-bit integer that holds an address.
        shape: extents, which may be run-time values.
        dtype: element type.
        strides: in elements; row-major without gaps if absent.

    Raises:
        OutsideKernelError: no `T.Kernel` is open.
        ShapeError: a negative extent.
    """
    builder = context.current("T.make_tensor")
    builder.require_kernel("T.make_tensor")
    dims = as_shape(shape)
    name = builder.take_hint("tensor")
    check_extents(name, dims)
    buffer = Buffer(name, dtype, dims, "global", () if strides is None else as_shape(strides))
    builder.emit(ir.DeclTensor(buffer.node, as_expr(pointer), builder.span()))
    return buffer


def make_tensor_from_addr(
    address: Scalar, shape: Any, dtype: Any = "float32", strides: Any = None
) -> Buffer:
    """The same as `make_tensor` for an integer address, e.g. from a table of pointers."""
    return make_tensor(address, shape, dtype, strides)


__all__ = ["make_tensor", "make_tensor_from_addr", "ptr"]
