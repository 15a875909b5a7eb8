"""Loops: `T.serial`, `T.unroll`, `T.vectorized`, `T.Parallel`, `T.Pipelined`, `T.Persistent`."""

from __future__ import annotations

from typing import Any, NoReturn

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.loops import CountedLoop, GridLoop, LoopNest, ParallelLoop, PersistentLoop
from tilescale.frontend.values import const_int, describe


def _range(start: Any, stop: Any) -> tuple[Any, Any]:
    return (0, start) if stop is None else (start, stop)


def serial(
    start: Any, stop: Any = None, step: Any = 1, *, annotations: dict[str, Any] | None = None
) -> LoopNest:
    """A loop in order; `range` in a kernel means the same."""
    low, high = _range(start, stop)
    return CountedLoop("T.serial", low, high, step, ir.ForKind.SERIAL, dict(annotations or {}))


def unroll(
    start: Any,
    stop: Any = None,
    step: Any = 1,
    *,
    explicit: bool = False,
    unroll_factor: int | None = None,
    annotations: dict[str, Any] | None = None,
) -> LoopNest:
    """A loop whose iterations are written out.

    Args:
        start: first value, or the number of iterations if `stop` is not given.
        stop: end, exclusive.
        step: distance of two values.
        explicit: expand before other transformations.
        unroll_factor: write out only this many iterations at a time.
        annotations: further hints.
    """
    low, high = _range(start, stop)
    attrs = dict(annotations or {})
    if explicit:
        attrs["explicit"] = True
    if unroll_factor is not None:
        attrs["unroll_factor"] = int(unroll_factor)
    return CountedLoop("T.unroll", low, high, step, ir.ForKind.UNROLL, attrs)


def vectorized(
    start: Any, stop: Any = None, step: Any = 1, *, annotations: dict[str, Any] | None = None
) -> LoopNest:
    """A loop whose iterations are carried out as one vector operation where possible."""
    low, high = _range(start, stop)
    attrs = dict(annotations or {})
    return CountedLoop("T.vectorized", low, high, step, ir.ForKind.VECTORIZED, attrs)


def Parallel(
    *extents: Any,
    coalesced_width: int | None = None,
    loop_layout: Any = None,
    prefer_async: bool | None = None,
    annotations: dict[str, Any] | None = None,
) -> LoopNest:
    """All points of a box, in any order or at once.

    Args:
        extents: one or more extents, which may be run-time values.
        coalesced_width: elements that neighbouring threads should access together (a hint).
        loop_layout: a `Fragment` that maps iterations to threads (a hint).
        prefer_async: copy global to shared asynchronously (a hint).
        annotations: further hints.

    Raises:
        LoopArgumentError: there are no extents, or one is negative.
    """
    if not extents:
        raise mistake(
            errors.LoopArgumentError,
            "T.Parallel has no extents",
            expected="at least one, e.g. T.Parallel(M, N)",
            remedy="give one extent for each loop variable",
        )
    negative = next((e for e in extents if (const_int(e) or 0) < 0), None)
    if negative is not None:
        raise mistake(
            errors.LoopArgumentError,
            "T.Parallel has a negative extent",
            expected="extents of 0 or more",
            got=str(const_int(negative)),
            remedy="check the values from which the extent is computed",
        )
    hints = {
        "coalesced_width": coalesced_width,
        "loop_layout": loop_layout,
        "prefer_async": prefer_async,
    }
    attrs = {key: value for key, value in hints.items() if value is not None}
    return ParallelLoop(extents, {**attrs, **(annotations or {})})


def Pipelined(
    start: Any,
    stop: Any = None,
    num_stages: int = 0,
    order: list[int] | None = None,
    stage: list[int] | None = None,
    annotations: dict[str, Any] | None = None,
) -> LoopNest:
    """A loop whose iterations may overlap; results are those of `T.serial`.

    Args:
        start: first value, or the number of iterations if `stop` is not given.
        stop: end, exclusive.
        num_stages: how many iterations copies run ahead; 0 leaves it to the compiler.
        order: position of each statement of the body in the overlapped schedule.
        stage: pipeline stage of each statement of the body.
        annotations: further hints.

    Raises:
        LoopArgumentError: `num_stages` is negative, or `order` and `stage` do not fit.
    """
    _check_stages(num_stages, order, stage)
    low, high = _range(start, stop)
    attrs: dict[str, Any] = {"num_stages": int(num_stages), **(annotations or {})}
    if order is not None and stage is not None:
        attrs["order"], attrs["stage"] = [int(i) for i in order], [int(i) for i in stage]
    return CountedLoop("T.Pipelined", low, high, 1, ir.ForKind.PIPELINED, attrs)


def _check_stages(num_stages: Any, order: Any, stage: Any) -> None:
    if const_int(num_stages) is None or int(num_stages) < 0:
        raise mistake(
            errors.LoopArgumentError,
            "num_stages of T.Pipelined is not a non-negative constant",
            got=describe(num_stages),
            remedy="use 2 or 3; 0 leaves it to the compiler",
        )
    if (order is None) != (stage is None) or (order is not None and len(order) != len(stage)):
        raise mistake(
            errors.LoopArgumentError,
            "order and stage of T.Pipelined do not belong together",
            expected="two lists of the same length",
            got=f"order={order}, stage={stage}",
            remedy="give one number for each statement of the body in both",
        )


def Persistent(
    domain: list[Any] | tuple[Any, ...],
    wave_size: Any,
    index: Any,
    group_size: int = 8,
    num_stages: int = 0,
) -> LoopNest:
    """The tiles of `domain`, dealt out to `wave_size` programs; every tile is visited once.

    Args:
        domain: number of tiles in each dimension.
        wave_size: number of programs that share the domain.
        index: which of them this one is.
        group_size: neighbours along the last dimension that are visited together.
        num_stages: accepted for compatibility; results do not depend on it.

    Raises:
        LoopArgumentError: an empty domain, or a group size below 1.
    """
    del num_stages
    dims = tuple(domain) if isinstance(domain, (list, tuple)) else (domain,)
    size = const_int(group_size)
    if not dims or size is None or size < 1:
        raise mistake(
            errors.LoopArgumentError,
            "the domain or group size of T.Persistent makes no sense",
            expected="at least one extent, and a group size of 1 or more",
            got=f"{len(dims)} extents, group_size={group_size}",
            remedy="write `T.Persistent([tiles_m, tiles_n], num_programs, bx)`",
        )
    return PersistentLoop(dims, wave_size, index, size)


def grid(*extents: Any) -> LoopNest:
    """Nested loops in order, one for each extent."""
    return GridLoop(extents)


def loop_break() -> None:
    """Leaves the innermost loop of the kernel; the same as `break`."""
    builder = context.current("T.loop_break")
    if not builder.loops or builder.loops[-1].kind not in ("serial", "while"):
        raise mistake(
            errors.LoopExitError,
            "T.loop_break is not inside a loop of the kernel",
            expected="a serial loop or a while loop around it",
            remedy="use `break` in loops that run while the kernel is traced",
        )
    builder.emit(ir.Break(builder.span()))


def thread_binding(*_: Any, **__: Any) -> NoReturn:
    """Not part of the language: programs and iterations are mapped to threads by the compiler."""
    raise mistake(
        errors.LoopArgumentError,
        "loops cannot be bound to threads by hand",
        expected="T.Kernel for programs, T.Parallel for iterations",
        remedy="write `for i in T.Parallel(n)`",
    )


Serial = serial
Unroll = unroll
Vectorized = vectorized


__all__ = [
    "Parallel",
    "Persistent",
    "Pipelined",
    "Serial",
    "Unroll",
    "Vectorized",
    "grid",
    "loop_break",
    "serial",
    "thread_binding",
    "unroll",
    "vectorized",
]
