"""The builder of the trace in progress, one for each thread and asynchronous task."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tilescale import errors

if TYPE_CHECKING:
    from tilescale.frontend.builder import Builder

_CURRENT: contextvars.ContextVar[Builder | None] = contextvars.ContextVar(
    "tilescale_builder", default=None
)


def current_or_none() -> Builder | None:
    """The active builder, or None when nothing is being traced."""
    return _CURRENT.get()


def current(what: str) -> Builder:
    """The active builder.

    Args:
        what: the construct that needs it, for the message.

    Raises:
        OutsideKernelError: nothing is being traced.
    """
    builder = _CURRENT.get()
    if builder is None:
        raise errors.OutsideKernelError(
            f"{what} is used outside of a kernel",
            expected="a call inside a function decorated with @T.prim_func, @T.macro or"
            " @tilescale.jit",
            remedy="move the call into the kernel",
        )
    return builder


@contextlib.contextmanager
def activate(builder: Builder) -> Iterator[Builder]:
    """Makes `builder` the current one for the body of the with statement."""
    token = _CURRENT.set(builder)
    try:
        yield builder
    finally:
        _CURRENT.reset(token)
