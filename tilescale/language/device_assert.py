"""`T.device_assert` and `T.assume`."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.frontend import context
from tilescale.frontend.values import as_condition


def device_assert(cond: Any, msg: str = "") -> None:
    """Ends the launch with an error that shows `msg` if `cond` is false at run time."""
    builder = context.current("T.device_assert")
    node = ir.op.DeviceAssert(as_condition(cond), str(msg), {}, builder.span())
    builder.emit_in_kernel("T.device_assert", node)


def assume(cond: Any) -> None:
    """Promises that `cond` holds from here on; breaking the promise has no meaning."""
    builder = context.current("T.assume")
    builder.emit(ir.Assume(as_condition(cond), builder.span()))


__all__ = ["assume", "device_assert"]
