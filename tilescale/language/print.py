"""`T.print`."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer, Region, Variable
from tilescale.frontend.values import as_expr
from tilescale.language import hints
from tilescale.language.region import as_region

# Of a warp group.
_WARPS = 4


def print(
    obj: Any = None, msg: str = "", warp_group_id: int | None = None, warp_id: int | None = None
) -> None:
    """Prints a scalar, a whole buffer, or only a message, once per program.

    Args:
        obj: scalar, buffer or region; None for the message only.
        msg: text before the value.
        warp_group_id: the group of 4 warps that prints, on GPUs: its first warp unless `warp_id`
            says which.
        warp_id: the warp of the group (of the first one by default) that prints, on GPUs: its
            first thread, or in code of single threads those of its threads that come there. The
            CPU target has no warps, and prints once.

    Raises:
        OperatorArgumentError: no constants of at least 0; when compiled for a GPU: a warp that
            the block does not have.
    """
    if isinstance(obj, str) and not msg:
        obj, msg = None, obj
    values: list[Any] = []
    if isinstance(obj, (Buffer, Region)) and not isinstance(obj, Variable):
        values.append(as_region(obj, "T.print").node())
    elif obj is not None:
        values.append(as_expr(obj))
    builder = context.current("T.print")
    attrs = _warp(warp_group_id, warp_id)
    builder.emit_in_kernel("T.print", ir.op.Print(str(msg), values, attrs, builder.span()))


def _warp(group: Any, warp: Any) -> dict[str, Any]:
    if group is None and warp is None:
        return {}
    number = 0 if warp is None else hints.count("T.print", "warp_id", warp, 0)
    if group is not None:
        number += _WARPS * hints.count("T.print", "warp_group_id", group, 0)
    return {"warp": number}


__all__ = ["print"]
