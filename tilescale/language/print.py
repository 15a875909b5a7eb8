"""`T.print`."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer, Region, Variable
from tilescale.frontend.values import as_expr
from tilescale.language.region import as_region


def print(obj: Any = None, msg: str = "", warp_group_id: int = 0, warp_id: int = 0) -> None:
    """Prints a scalar, a whole buffer, or only a message, once per program.

    Args:
        obj: scalar, buffer or region; None for the message only.
        msg: text before the value.
        warp_group_id: accepted for compatibility.
        warp_id: accepted for compatibility.
    """
    del warp_group_id, warp_id
    if isinstance(obj, str) and not msg:
        obj, msg = None, obj
    values: list[Any] = []
    if isinstance(obj, (Buffer, Region)) and not isinstance(obj, Variable):
        values.append(as_region(obj, "T.print").node())
    elif obj is not None:
        values.append(as_expr(obj))
    builder = context.current("T.print")
    builder.emit_in_kernel("T.print", ir.op.Print(str(msg), values, {}, builder.span()))


__all__ = ["print"]
