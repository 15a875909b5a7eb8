"""Checks of keyword arguments that steer the compiler, and of hints that change no result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tilescale import errors
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.values import as_expr, const_int, describe

#: How a copy may ask to be kept in the L2 cache.
EVICTION_POLICIES = ("evict_normal", "evict_first", "evict_last")


def refused(what: str, name: str, value: Any, expected: str, remedy: str) -> errors.TileScaleError:
    """The error for an argument that an operator cannot take."""
    return mistake(
        errors.OperatorArgumentError,
        f"{what} cannot take this `{name}`",
        expected=expected,
        got=f"{name}={describe(value)}",
        remedy=remedy,
    )


def flag(what: str, name: str, value: Any) -> bool:
    """`value`, which must be True or False.

    Raises:
        OperatorArgumentError: it is not.
    """
    if not isinstance(value, bool):
        raise refused(what, name, value, "True or False", "leave it out")
    return value


def count(what: str, name: str, value: Any, low: int, high: int | None = None) -> int:
    """`value`, which must be a constant from `low` to `high`.

    Raises:
        OperatorArgumentError: it is not.
    """
    number = None if isinstance(value, bool) else const_int(value)
    if number is None or number < low or (high is not None and number > high):
        expected = f"a constant of at least {low}" + ("" if high is None else f", at most {high}")
        raise refused(what, name, value, expected, "leave it out")
    return number


def integer(what: str, name: str, value: Any) -> None:
    """Fails unless `value` is an integer, perhaps one of run time.

    Raises:
        OperatorArgumentError: it is not.
    """
    if const_int(value) is None and not to_dtype(str(as_expr(value).dtype)).is_int():
        raise refused(what, name, value, "an integer", "leave it out")


def choice(what: str, name: str, value: Any, known: tuple[str, ...]) -> str:
    """`value`, which must be one of `known`.

    Raises:
        OperatorArgumentError: it is not.
    """
    if not isinstance(value, str) or value not in known:
        expected = " or ".join(repr(item) for item in known)
        raise refused(what, name, value, expected, "leave it out")
    return value


def loop_layout(what: str, value: Any) -> Any:
    """`value`, which must be a `Fragment`; the CUDA target compares it with the loop.

    Raises:
        OperatorArgumentError: it is not.
    """
    from tilescale.layout import Fragment

    if not isinstance(value, Fragment):
        remedy = "make it by Fragment(shape, forward_fn=lambda i, j: (thread, index))"
        raise refused(what, "loop_layout", value, "a Fragment over the iterations", remedy)
    return value


def merged(what: str, given: dict[str, Any], annotations: Any) -> dict[str, Any]:
    """Keyword arguments together with those that `annotations` gives under the same names.

    Args:
        what: the operator.
        given: all keyword arguments that annotations may stand for; None: not given.
        annotations: a dictionary or None.

    Raises:
        OperatorArgumentError: a name that the operator does not have, or one that is given twice.
    """
    if annotations is None:
        return given
    known = ", ".join(given) or "no annotations"
    if not isinstance(annotations, Mapping):
        raise refused(what, "annotations", annotations, f"a dictionary of {known}", "leave it out")
    for key in annotations:
        if key not in given:
            raise mistake(
                errors.OperatorArgumentError,
                f"{what} has no annotation {key!r}",
                expected=known,
                got=repr(key),
                remedy="leave it out: it would have no effect",
            )
        if given[key] is not None:
            raise mistake(
                errors.OperatorArgumentError,
                f"{what} is given {key!r} as an argument and as an annotation",
                expected="one of them",
                got=f"{describe(given[key])} and {describe(annotations[key])}",
                remedy="leave the annotation out",
            )
    return {**given, **annotations}
