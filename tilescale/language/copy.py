"""`T.copy`: moving a region into another."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer, Region, Variable
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.indexing import difference
from tilescale.frontend.values import as_typed, const_int, format_shape
from tilescale.language.region import as_region, emit, grown, squeezed

_INSTRUCTIONS = ("tma", "cp_async", "sync")


def copy(
    src: Any,
    dst: Any,
    *,
    coalesced_width: int | None = None,
    disable_tma: bool = False,
    eviction_policy: str | None = None,
    prefer_instruction: str | None = None,
    annotations: dict[str, Any] | None = None,
    loop_layout: Any = None,
) -> None:
    """Copies `src` to `dst`, converted to the element type of `dst`.

    Parts outside of a global tensor read as 0 (or the annotated safe value) and are not written.

    Args:
        src: a buffer, a region, or the first element of a region that is as large as `dst`.
        dst: the same, for the destination.
        coalesced_width: elements that neighbouring threads should access together (a hint).
        disable_tma: do not use the tensor memory accelerator.
        eviction_policy: cache hint, e.g. "evict_first".
        prefer_instruction: "tma", "cp_async" or "sync".
        annotations: further hints.
        loop_layout: how elements are spread over threads (a hint).

    Raises:
        ExtentMismatchError: the two regions differ in size.
        NotABufferError: an operand is not a buffer.
    """
    if prefer_instruction is not None and prefer_instruction not in _INSTRUCTIONS:
        raise mistake(
            errors.OperatorArgumentError,
            f"T.copy cannot prefer {prefer_instruction!r}",
            expected=", ".join(_INSTRUCTIONS),
            got=repr(prefer_instruction),
            remedy="leave it out: the compiler chooses",
        )
    hints = {
        "coalesced_width": coalesced_width,
        "disable_tma": disable_tma or None,
        "eviction_policy": eviction_policy,
        "prefer_instruction": prefer_instruction,
        "loop_layout": loop_layout,
    }
    attrs = {key: value for key, value in hints.items() if value is not None}
    attrs.update(annotations or {})
    source_is_scalar = isinstance(src, (ir.Expr, Variable))
    if source_is_scalar and isinstance(dst, (ir.Load, Variable)):
        _store(src, dst)
        return
    a, b = _regions(src, dst)
    emit("T.copy", ir.op.Copy, a.node(), b.node(), attrs)


def _store(value: Any, target: ir.Load | Variable) -> None:
    builder = context.current("T.copy")
    builder.require_kernel("T.copy")
    if isinstance(target, Variable):
        builder.emit(target.store(value))
        return
    buffer = Buffer.of(target.buffer)
    typed = as_typed(value, buffer.dtype)
    builder.emit(ir.Store(target.buffer, target.indices, typed, builder.span()))


def _regions(src: Any, dst: Any) -> tuple[Region, Region]:
    """The two boxes, where an element takes the extents of the other side."""
    if isinstance(src, ir.Load):
        b = as_region(dst, "T.copy")
        return grown(src, b, "T.copy"), b
    a = as_region(src, "T.copy")
    if isinstance(dst, ir.Load):
        return a, grown(dst, a, "T.copy")
    b = as_region(dst, "T.copy")
    check_extents(a, b, "T.copy")
    return a, b


def check_extents(a: Region, b: Region, what: str) -> None:
    """Fails unless two regions have the same extents after dropping extents of 1.

    Raises:
        ExtentMismatchError: they differ, or cannot be shown to agree.
    """
    left, right = squeezed(a.extents), squeezed(b.extents)
    if len(left) == len(right) and all(map(_agree, left, right)):
        return
    raise mistake(
        errors.ExtentMismatchError,
        f"the two sides of {what} have different extents",
        expected=f"{format_shape(b.extents)}, as `{b.buffer.name}` has",
        got=f"{format_shape(a.extents)} of `{a.buffer.name}`",
        remedy="write both regions with the same extents; `A[i, j]` takes them from the other side",
    )


def _agree(a: Any, b: Any) -> bool:
    x, y = const_int(a), const_int(b)
    if x is not None and y is not None:
        return x == y
    return const_int(difference(a, b)) == 0


def async_copy(src: Any, dst: Any) -> None:
    """Copies as `copy` does, perhaps later: `dst` is complete after `T.ptx_wait_group`.

    Each call is one group of copies. Where the hardware cannot copy in the background (another
    element type, rows that are not aligned, no cp.async), the copy is done at once. The compiler
    waits where a kernel uses `dst` without waiting itself.

    Args:
        src: a buffer, a region, or the first element of a region that is as large as `dst`.
        dst: the same, for the destination.

    Raises:
        ExtentMismatchError: the two regions differ in size.
        NotABufferError: an operand is not a buffer.
    """
    copy(src, dst, annotations={"async": "user"})


__all__ = ["async_copy", "copy"]
