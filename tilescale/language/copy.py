"""`T.copy`: moving a region into another."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer, Region, Variable
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.indexing import difference
from tilescale.frontend.values import as_typed, const_int, describe, format_shape
from tilescale.language import hints
from tilescale.language.region import as_region, emit, grown, squeezed

_INSTRUCTIONS = ("tma", "cp_async", "sync")
_TO_SHARED = ("tma", "cp_async")


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
        coalesced_width: at most so many elements are moved by one access of a thread (GPUs).
        disable_tma: a hint without effect: no target has a tensor memory accelerator yet.
        eviction_policy: "evict_normal", "evict_first" or "evict_last": a hint without effect.
        prefer_instruction: "cp_async" or "sync": what the CUDA target must use; "tma" it refuses.
        annotations: the arguments above under their names.
        loop_layout: a `Fragment` over the extents of `dst` that are not 1: which thread copies
            what (GPUs). Such a copy is synchronous.

    Raises:
        ExtentMismatchError: the two regions differ in size.
        LayoutConflictError: the loop layout does not fit (raised when compiled for CUDA).
        NotABufferError: an operand is not a buffer.
        OperatorArgumentError: an argument or annotation that T.copy does not have.
        UnsupportedInstructionError: the target cannot copy by the instruction (when compiled).
    """
    given = {
        "coalesced_width": coalesced_width,
        "disable_tma": disable_tma or None,
        "eviction_policy": eviction_policy,
        "prefer_instruction": prefer_instruction,
        "loop_layout": loop_layout,
    }
    attrs = _checked(hints.merged("T.copy", given, annotations))
    source_is_scalar = isinstance(src, (ir.Expr, Variable))
    if source_is_scalar and isinstance(dst, (ir.Load, Variable)):
        _refuse_for_scalars(attrs)
        _store(src, dst)
        return
    _copy(src, dst, attrs)


def _copy(src: Any, dst: Any, attrs: dict[str, Any]) -> None:
    a, b = _regions(src, dst)
    if attrs.get("prefer_instruction") in _TO_SHARED:
        _check_instruction(attrs["prefer_instruction"], a, b)
    emit("T.copy", ir.op.Copy, a.node(), b.node(), attrs)


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """What is given, if it makes sense."""
    attrs = {key: value for key, value in given.items() if value is not None}
    if "coalesced_width" in attrs:
        width = hints.count("T.copy", "coalesced_width", attrs["coalesced_width"], 1)
        attrs["coalesced_width"] = width
    if "disable_tma" in attrs:
        hints.flag("T.copy", "disable_tma", attrs["disable_tma"])
    for key, known in (
        ("eviction_policy", hints.EVICTION_POLICIES),
        ("prefer_instruction", _INSTRUCTIONS),
    ):
        if key in attrs:
            hints.choice("T.copy", key, attrs[key], known)
    if "loop_layout" in attrs:
        hints.loop_layout("T.copy", attrs["loop_layout"])
    return attrs


def _check_instruction(name: str, a: Region, b: Region) -> None:
    spaces = (a.buffer.space, b.buffer.space)
    fits = spaces == ("global", "shared") or (name == "tma" and spaces == ("shared", "global"))
    if fits and a.buffer.dtype == b.buffer.dtype:
        return
    raise mistake(
        errors.OperatorArgumentError,
        f"T.copy cannot go by {name!r} from `{a.buffer.name}` to `{b.buffer.name}`",
        expected="a copy from global to shared memory that converts nothing",
        got=f"{a.buffer.dtype} in {spaces[0]} memory to {b.buffer.dtype} in {spaces[1]} memory",
        remedy="leave prefer_instruction out: the compiler chooses",
    )


def _refuse_for_scalars(attrs: dict[str, Any]) -> None:
    for key in ("loop_layout", "prefer_instruction"):
        if key in attrs:
            raise mistake(
                errors.OperatorArgumentError,
                f"T.copy of a single value cannot take `{key}`",
                expected="a copy of a tile",
                got=f"{key}={describe(attrs[key])}",
                remedy="leave it out: a single value is stored",
            )


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
    _copy(src, dst, {"async": "user"})


__all__ = ["async_copy", "copy"]
