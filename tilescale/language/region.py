"""The operands of tile operators: buffers, regions, and elements that stand for a region's head."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer, Region
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import const_int, describe, format_shape, simplest


def full(buffer: Buffer) -> Region:
    """The region that covers all of `buffer`."""
    return Region(buffer, (0,) * buffer.ndim, buffer.shape)


def as_region(value: Any, what: str) -> Region:
    """`value` as a region: a whole buffer, a region, or one element.

    Raises:
        NotABufferError: it is something else.
    """
    if isinstance(value, Region):
        return value
    if isinstance(value, Buffer):
        return full(value)
    if isinstance(value, ir.Load):
        buffer, indices = Buffer.of(value.buffer), tuple(simplest(i) for i in value.indices)
        return Region(buffer, indices, (1,) * len(indices))
    if hasattr(value, "__ts_expr__") and not hasattr(value, "node"):
        value.__ts_expr__()
    raise mistake(
        errors.NotABufferError,
        f"an operand of {what} is not a buffer",
        expected="a buffer, or a region such as `A[i:j, k]`",
        got=describe(value),
        remedy="allocate a buffer with T.alloc_shared or T.alloc_fragment",
    )


def squeezed(extents: tuple[Any, ...]) -> list[Any]:
    """The extents without those that are 1."""
    return [extent for extent in extents if const_int(extent) != 1]


def grown(element: ir.Load, like: Region, what: str) -> Region:
    """The region that starts at `element` and has the extents of `like`.

    The last dimensions take them; the dimensions before have extent 1.

    Raises:
        ExtentMismatchError: the element's buffer has fewer dimensions than `like` needs.
    """
    head = as_region(element, what)
    extents = list(like.extents)
    while len(extents) > len(head.mins) and const_int(extents[0]) == 1:
        extents.pop(0)
    if len(extents) > len(head.mins):
        extents = squeezed(like.extents)
    if len(extents) > len(head.mins):
        raise mistake(
            errors.ExtentMismatchError,
            f"the operands of {what} do not have the same number of dimensions",
            expected=f"at most {len(head.mins)} extents for `{head.buffer.name}`",
            got=format_shape(like.extents),
            remedy="write the region with slices, e.g. `A[i, j:j + n]`",
        )
    missing = len(head.mins) - len(extents)
    return Region(head.buffer, head.mins, (*[1] * missing, *extents))


def emit(what: str, op: type[ir.TileOp], *args: Any) -> None:
    """Emits a tile operator with the given fields, at the place being traced.

    Raises:
        OutsideKernelError: no `T.Kernel` is open.
        OperatorPlacementError: it lies inside `T.Parallel` or `T.vectorized`.
    """
    builder = context.current(what)
    builder.require_kernel(what)
    block = builder.block
    while block is not builder.kernel and block.parent is not None:
        if block.kind in ("parallel", "vectorized"):
            loop = "T.Parallel" if block.kind == "parallel" else "T.vectorized"
            raise mistake(
                errors.OperatorPlacementError,
                f"{what} is used inside {loop}",
                expected="elementwise statements in such a loop",
                remedy="move the operator out of the loop: it works on whole regions",
            )
        block = block.parent
    builder.emit(op(*args, builder.span()))
