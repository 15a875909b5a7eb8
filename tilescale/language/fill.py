"""`T.fill` and `T.clear`."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Variable
from tilescale.frontend.values import as_typed
from tilescale.language.region import as_region, emit


def fill(buffer: Any, value: Any) -> None:
    """Sets every element of a buffer or region to `value`, converted to its element type."""
    if isinstance(buffer, Variable):
        context.current("T.fill").emit_in_kernel("T.fill", buffer.store(value))
        return
    region = as_region(buffer, "T.fill")
    emit("T.fill", ir.op.Fill, region.node(), as_typed(value, region.dtype), {})


def clear(buffer: Any) -> None:
    """Sets every element of a buffer or region to 0."""
    fill(buffer, 0)


__all__ = ["clear", "fill"]
