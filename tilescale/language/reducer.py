"""Deferred reductions: `T.reducer_init`, `T.reducer_update`, `T.finalize_reducer`."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import Scalar, as_typed, describe
from tilescale.language import hints
from tilescale.language.region import as_region, emit


def _reducer(value: Any, what: str) -> tuple[Buffer, int]:
    """The reducer and the number of its operation."""
    builder = context.current(what)
    if isinstance(value, ir.Load):
        value = Buffer.of(value.buffer)
    op = builder.reducers.get(hash(value.node)) if isinstance(value, Buffer) else None
    if op is None:
        raise mistake(
            errors.ReducerError,
            f"the operand of {what} is not a reducer",
            expected="a buffer made by T.alloc_reducer",
            got=describe(value),
            remedy="allocate it with T.alloc_reducer(shape, dtype, op)",
        )
    return value, int(ir.op.ReduceKind[op.upper()])


def reducer_init(reducer: Any) -> None:
    """Starts a reduction: every element becomes the identity of the reducer's operation."""
    buffer, kind = _reducer(reducer, "T.reducer_init")
    emit("T.reducer_init", ir.op.ReducerInit, buffer.node, kind, {})


def reducer_update(element: Any, value: Scalar) -> None:
    """Combines `value` into an element such as `R[i]`; iterations of `T.Parallel` may share it.

    Raises:
        ReducerError: `element` is not an element of a reducer.
    """
    buffer, kind = _reducer(element, "T.reducer_update")
    if not isinstance(element, ir.Load):
        raise mistake(
            errors.ReducerError,
            "T.reducer_update needs one element of the reducer",
            expected=f"`{buffer.name}[...]`",
            got="the whole reducer",
            remedy="index it",
        )
    builder = context.current("T.reducer_update")
    typed = as_typed(value, buffer.dtype)
    node = ir.op.ReducerUpdate(buffer.node, element.indices, typed, kind, {}, builder.span())
    builder.emit_in_kernel("T.reducer_update", node)


def finalize_reducer(reducer: Any, dst: Any = None, batch: int = 1) -> None:
    """Ends a reduction: the combined values are stored into `dst`.

    Args:
        reducer: made by `T.alloc_reducer`.
        dst: a buffer or region of the same extents; the reducer itself may be read by default.
        batch: how many reductions to combine at once: a hint without effect; the compiler chooses.

    Raises:
        OperatorArgumentError: `batch` is not a constant of at least 1.
        ReducerError: `reducer` is not a reducer.
    """
    hints.count("T.finalize_reducer", "batch", batch, 1)
    buffer, kind = _reducer(reducer, "T.finalize_reducer")
    target = as_region(buffer if dst is None else dst, "T.finalize_reducer")
    emit("T.finalize_reducer", ir.op.ReducerFinalize, buffer.node, target.node(), kind, {})


__all__ = ["finalize_reducer", "reducer_init", "reducer_update"]
