"""Loops: `T.serial`, `T.unroll`, `T.vectorized`, `T.Parallel`, `T.Pipelined`, `T.Persistent`."""

from __future__ import annotations

from typing import Any, NoReturn

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.loops import CountedLoop, GridLoop, LoopNest, ParallelLoop, PersistentLoop
from tilescale.frontend.values import const_int, describe
from tilescale.language import hints


def _range(start: Any, stop: Any) -> tuple[Any, Any]:
    return (0, start) if stop is None else (start, stop)


def serial(
    start: Any, stop: Any = None, step: Any = 1, *, annotations: dict[str, Any] | None = None
) -> LoopNest:
    """A loop in order; `range` in a kernel means the same.

    Raises:
        OperatorArgumentError: any annotation: the loop has none.
    """
    hints.merged("T.serial", {}, annotations)
    low, high = _range(start, stop)
    return CountedLoop("T.serial", low, high, step, ir.ForKind.SERIAL)


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
        explicit: a hint without effect: the back end's compiler writes the iterations out.
        unroll_factor: write out only this many iterations at a time.
        annotations: the two arguments above under their names.

    Raises:
        OperatorArgumentError: an argument or annotation that the loop does not have.
    """
    low, high = _range(start, stop)
    given = {"explicit": explicit or None, "unroll_factor": unroll_factor}
    merged = hints.merged("T.unroll", given, annotations)
    attrs = {key: value for key, value in merged.items() if value is not None}
    if "explicit" in attrs:
        hints.flag("T.unroll", "explicit", attrs["explicit"])
    if "unroll_factor" in attrs:
        factor = hints.count("T.unroll", "unroll_factor", attrs["unroll_factor"], 1)
        attrs["unroll_factor"] = factor
    return CountedLoop("T.unroll", low, high, step, ir.ForKind.UNROLL, attrs)


def vectorized(
    start: Any, stop: Any = None, step: Any = 1, *, annotations: dict[str, Any] | None = None
) -> LoopNest:
    """A loop whose iterations are carried out as one vector operation where possible.

    Raises:
        OperatorArgumentError: any annotation: the loop has none.
    """
    hints.merged("T.vectorized", {}, annotations)
    low, high = _range(start, stop)
    return CountedLoop("T.vectorized", low, high, step, ir.ForKind.VECTORIZED)


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
        coalesced_width: at most so many elements are moved by one access of a thread (GPUs).
        loop_layout: a `Fragment` that maps the iterations to threads (GPUs), of a loop of
            constant extents that is in no other `T.Parallel`.
        prefer_async: a hint without effect: write `T.async_copy` to copy in the background.
        annotations: the arguments above under their names.

    Raises:
        LayoutConflictError: the loop layout does not fit (raised when compiled for CUDA).
        LoopArgumentError: there are no extents, or one is negative.
        OperatorArgumentError: an argument or annotation that the loop does not have.
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
    given = {
        "coalesced_width": coalesced_width,
        "loop_layout": loop_layout,
        "prefer_async": prefer_async,
    }
    return ParallelLoop(extents, _parallel(hints.merged("T.Parallel", given, annotations)))


def _parallel(given: dict[str, Any]) -> dict[str, Any]:
    """What is given, if it makes sense."""
    attrs = {key: value for key, value in given.items() if value is not None}
    if "coalesced_width" in attrs:
        width = hints.count("T.Parallel", "coalesced_width", attrs["coalesced_width"], 1)
        attrs["coalesced_width"] = width
    if "loop_layout" in attrs:
        hints.loop_layout("T.Parallel", attrs["loop_layout"])
    if "prefer_async" in attrs:
        hints.flag("T.Parallel", "prefer_async", attrs["prefer_async"])
    return attrs


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
        annotations: the three arguments above under their names.

    Raises:
        LoopArgumentError: `num_stages` is negative, or `order` and `stage` do not fit.
        OperatorArgumentError: an annotation that the loop does not have.
    """
    given: dict[str, Any] = {"num_stages": num_stages or None, "order": order, "stage": stage}
    given = hints.merged("T.Pipelined", given, annotations)
    num_stages, order, stage = given["num_stages"] or 0, given["order"], given["stage"]
    _check_stages(num_stages, order, stage)
    low, high = _range(start, stop)
    attrs: dict[str, Any] = {"num_stages": int(num_stages)}
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
        num_stages: a hint without effect: tiles do not overlap; pipeline the loop inside a tile.

    Raises:
        LoopArgumentError: an empty domain, or a group size below 1.
        OperatorArgumentError: `num_stages` is not a constant of at least 0.
    """
    hints.count("T.Persistent", "num_stages", num_stages, 0)
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
