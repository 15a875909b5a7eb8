"""Exchanges between the lanes of a warp (GPUs only).

All lanes of `mask` must carry out the same call together; lane i is bit i.
"""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import Scalar, as_condition, as_expr, as_typed, const_int, describe
from tilescale.language.thread import thread_call

ALL_LANES = 0xFFFFFFFF
_WIDTHS = (1, 2, 4, 8, 16, 32)


def _mask(mask: Any) -> ir.Expr:
    number = const_int(mask)
    return as_typed(mask, "uint32") if number is None else ir.const(number, "uint32")


def _shuffle(name: str, value: Scalar, source: Scalar, width: int, mask: Any) -> ir.Expr:
    if const_int(width) not in _WIDTHS:
        raise mistake(
            errors.OperatorArgumentError,
            f"T.{name} is given segments that a warp does not have",
            expected="a width of 1, 2, 4, 8, 16 or 32",
            got=describe(width),
            remedy="leave `width` out to exchange within the whole warp",
        )
    given = as_expr(value)
    values = [given, as_typed(source, "uint32"), ir.const(width, "uint32"), _mask(mask)]
    return thread_call(name, values, str(given.dtype))


def shfl_sync(value: Scalar, src_lane: Scalar, width: int = 32, mask: Any = ALL_LANES) -> ir.Expr:
    """The value of lane `src_lane` of each segment of `width` lanes.

    Raises:
        OperatorArgumentError: `width` is no power of two up to 32.
    """
    return _shuffle("shfl_sync", value, src_lane, width, mask)


def shfl_xor(value: Scalar, delta: Scalar, width: int = 32, mask: Any = ALL_LANES) -> ir.Expr:
    """The value of the lane whose number differs in the bits of `delta`; as `shfl_sync`."""
    return _shuffle("shfl_xor", value, delta, width, mask)


def shfl_up(value: Scalar, delta: Scalar, width: int = 32, mask: Any = ALL_LANES) -> ir.Expr:
    """The value of the lane `delta` below; the lowest lanes of a segment keep their own."""
    return _shuffle("shfl_up", value, delta, width, mask)


def shfl_down(value: Scalar, delta: Scalar, width: int = 32, mask: Any = ALL_LANES) -> ir.Expr:
    """The value of the lane `delta` above; the highest lanes of a segment keep their own."""
    return _shuffle("shfl_down", value, delta, width, mask)


def any_sync(predicate: Scalar, mask: Any = ALL_LANES) -> ir.Expr:
    """Whether the predicate of any lane is true."""
    return thread_call("any_sync", [as_condition(predicate), _mask(mask)], "bool")


def all_sync(predicate: Scalar, mask: Any = ALL_LANES) -> ir.Expr:
    """Whether the predicate of all lanes is true."""
    return thread_call("all_sync", [as_condition(predicate), _mask(mask)], "bool")


def ballot_sync(predicate: Scalar, mask: Any = ALL_LANES) -> ir.Expr:
    """The lanes whose predicate is true, a bit each, as uint32."""
    return thread_call("ballot_sync", [as_condition(predicate), _mask(mask)], "uint32")


def ballot(predicate: Scalar) -> ir.Expr:
    """`ballot_sync` of all lanes."""
    return ballot_sync(predicate)


def activemask() -> ir.Expr:
    """The lanes that carry out this call together, a bit each: a hint, not a synchronisation."""
    return thread_call("activemask", [], "uint32")


def _match(name: str, value: Scalar, mask: Any) -> ir.Expr:
    given = as_expr(value)
    return thread_call(name, [given, _mask(mask)], "uint32")


def match_any_sync(value: Scalar, mask: Any = ALL_LANES) -> ir.Expr:
    """The lanes whose value has the same bits as this lane's."""
    return _match("match_any_sync", value, mask)


def match_all_sync(value: Scalar, mask: Any = ALL_LANES) -> ir.Expr:
    """The mask if the values of all lanes have the same bits, else 0."""
    return _match("match_all_sync", value, mask)


def sync_warp(mask: Any = None) -> ir.Expr:
    """Waits for the lanes of `mask`, all if it is left out, and orders their memory accesses."""
    return thread_call("sync_warp", [] if mask is None else [_mask(mask)], "int32")


def _reduce(name: str, value: Scalar, integral: bool = False) -> ir.Expr:
    given = as_expr(value)
    if integral and "int" not in str(given.dtype):
        raise mistake(
            errors.IntrinsicTypeError,
            f"T.{name} combines the bits of integers",
            expected="an integer",
            got=str(given.dtype),
            remedy="use T.warp_reduce_sum, _max or _min, or T.reinterpret the value",
        )
    return thread_call(name, [given], str(given.dtype))


def warp_reduce_sum(value: Scalar) -> ir.Expr:
    """The sum of the values of all lanes, in all lanes."""
    return _reduce("warp_reduce_sum", value)


def warp_reduce_max(value: Scalar) -> ir.Expr:
    """The largest value of all lanes, in all lanes."""
    return _reduce("warp_reduce_max", value)


def warp_reduce_min(value: Scalar) -> ir.Expr:
    """The smallest value of all lanes, in all lanes."""
    return _reduce("warp_reduce_min", value)


def warp_reduce_bitand(value: Scalar) -> ir.Expr:
    """The bits that the values of all lanes have in common, in all lanes."""
    return _reduce("warp_reduce_bitand", value, integral=True)


def warp_reduce_bitor(value: Scalar) -> ir.Expr:
    """The bits that the value of any lane has, in all lanes."""
    return _reduce("warp_reduce_bitor", value, integral=True)


__all__ = [
    "activemask",
    "all_sync",
    "any_sync",
    "ballot",
    "ballot_sync",
    "match_all_sync",
    "match_any_sync",
    "shfl_down",
    "shfl_sync",
    "shfl_up",
    "shfl_xor",
    "sync_warp",
    "warp_reduce_bitand",
    "warp_reduce_bitor",
    "warp_reduce_max",
    "warp_reduce_min",
    "warp_reduce_sum",
]
