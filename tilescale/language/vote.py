"""`T.any` and `T.all`: of conditions, of the lanes of a warp, or of the elements of a buffer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tilescale import errors, ir
from tilescale.frontend.buffer import Buffer, Region, Variable
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import as_condition
from tilescale.language.intrinsic import all_of, any_of
from tilescale.language.warp import ALL_LANES, all_sync, any_sync


def _decide(
    name: str,
    values: tuple[Any, ...],
    mask: Any,
    of_lanes: Callable[[Any, Any], ir.Expr],
    of_elements: Callable[[Any], ir.Expr],
) -> ir.Expr:
    if not values or (mask is not None and len(values) > 1):
        raise mistake(
            errors.OperatorArgumentError,
            f"T.{name} is called with the wrong arguments",
            expected="conditions, or one condition of each lane, or a buffer",
            got=f"{len(values)} conditions" + (" and a mask" if mask is not None else ""),
            remedy=f"use T.{name}_sync for lanes, T.{name}_of for elements",
        )
    if len(values) > 1:
        conditions = [as_condition(value) for value in values]
        joint = "or" if name == "any" else "and"
        return functools.reduce(functools.partial(ir.make_binary, joint), conditions)
    tile = isinstance(values[0], (Buffer, Region)) and not isinstance(values[0], Variable)
    if tile:
        return of_elements(values[0])
    return of_lanes(values[0], ALL_LANES if mask is None else mask)


def any(*values: Any, mask: Any = None) -> ir.Expr:
    """Whether one of several conditions holds; of one condition, whether it does in any lane.

    A buffer or region as the only argument is `T.any_of`; a single condition is `T.any_sync`, of
    the lanes of `mask`.

    Raises:
        OperatorArgumentError: no argument, or a mask beside several conditions.
    """
    return _decide("any", values, mask, any_sync, any_of)


def all(*values: Any, mask: Any = None) -> ir.Expr:
    """Whether several conditions hold; of one condition, whether it does in all lanes.

    A buffer or region as the only argument is `T.all_of`; a single condition is `T.all_sync`, of
    the lanes of `mask`.

    Raises:
        OperatorArgumentError: no argument, or a mask beside several conditions.
    """
    return _decide("all", values, mask, all_sync, all_of)


__all__ = ["all", "any"]
