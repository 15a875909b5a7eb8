"""Intrinsics and foreign functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tilescale import ir
from tilescale.frontend.buffer import Buffer, Region
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.values import Scalar, as_expr, as_typed
from tilescale.language.atomic import address_of
from tilescale.language.region import as_region

#: Thread-level intrinsics with the type of their value ("" for the type of the first argument).
THREAD_LEVEL: dict[str, str] = {
    **dict.fromkeys(("get_thread_binding", "get_lane_idx", "get_warp_idx"), "int32"),
    **dict.fromkeys(("get_warp_idx_sync", "get_warp_group_idx"), "int32"),
    **dict.fromkeys(("sync_threads", "sync_warp", "sync_grid"), "int32"),
    **dict.fromkeys(("syncthreads_count", "syncthreads_and", "syncthreads_or"), "int32"),
    **dict.fromkeys(("shfl_sync", "shfl_xor", "shfl_up", "shfl_down"), ""),
    **dict.fromkeys(("any_sync", "all_sync", "shuffle_elect"), "bool"),
    **dict.fromkeys(("ballot_sync", "ballot", "match_any_sync", "match_all_sync"), "uint32"),
    "activemask": "uint32",
    **dict.fromkeys(("warp_reduce_sum", "warp_reduce_max", "warp_reduce_min"), ""),
    **dict.fromkeys(("warp_reduce_bitand", "warp_reduce_bitor"), ""),
    **dict.fromkeys(("named_barrier_arrive", "fence_proxy_async"), "int32"),
}


def _argument(value: Any) -> Any:
    if isinstance(value, str):
        return ir.StringImm(value)
    if isinstance(value, Region) or (isinstance(value, Buffer) and value.space != "var"):
        return address_of(value)
    return as_expr(value)


def _thread_level(name: str, kind: str) -> Callable[..., ir.Expr]:
    def function(*args: Scalar) -> ir.Expr:
        values = [_argument(arg) for arg in args]
        return ir.make_call(name, values, {}, kind or values[0].dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The thread-level intrinsic `{name}`: GPUs only."
    return function


def thread_level_functions() -> dict[str, Callable[..., ir.Expr]]:
    """The functions of `THREAD_LEVEL` by name."""
    return {name: _thread_level(name, kind) for name, kind in THREAD_LEVEL.items()}


def any_of(values: Any) -> ir.Expr:
    """Whether any element of a buffer or region is not 0."""
    return ir.make_call("any_of", [as_region(values, "T.any_of").node()], {}, "bool")


def all_of(values: Any) -> ir.Expr:
    """Whether all elements of a buffer or region are not 0."""
    return ir.make_call("all_of", [as_region(values, "T.all_of").node()], {}, "bool")


def dp4a(a: Any, b: Any, c: Any) -> ir.Expr | None:
    """The dot product of 4 int8 of `a` and of `b`, added to `c`.

    Args:
        a: the first of 4 neighbouring elements, or a buffer of them.
        b: the same.
        c: an int32 element of a buffer, or a buffer, whose first element is meant: it is updated;
            or a value.

    Returns:
        The sum if `c` is a value, else None.
    """
    is_buffer = isinstance(c, Buffer) and c.space != "var"
    element = c[(0,) * c.ndim] if is_buffer else c
    values = [address_of(a), address_of(b), as_typed(element, "int32")]
    total = ir.make_call("dp4a", values, {}, "int32")
    if not isinstance(element, ir.Load):
        return total
    Buffer.of(element.buffer)[tuple(element.indices)] = total
    return None


def call_extern(dtype: Any, name: str, *args: Any) -> ir.Expr:
    """Calls a C function that `T.import_source` defines; it may have effects.

    Args:
        dtype: type of its value.
        name: its name.
        args: scalars, strings, and buffers (their addresses).
    """
    values = [ir.StringImm(name), *[_argument(arg) for arg in args]]
    return ir.make_call("call_extern", values, {}, str(to_dtype(dtype)))


def call_pure_extern(dtype: Any, name: str, *args: Any) -> ir.Expr:
    """The same as `call_extern` for a function without effects."""
    values = [ir.StringImm(name), *[_argument(arg) for arg in args]]
    return ir.make_call("call_pure_extern", values, {}, str(to_dtype(dtype)))


def call_intrin(dtype: Any, name: str, *args: Any) -> ir.Expr:
    """Calls an intrinsic of the compiler by its name."""
    return ir.make_call(name, [_argument(arg) for arg in args], {}, str(to_dtype(dtype)))


def index_to_coordinates(index: Scalar, shape: Any) -> list[Any]:
    """The coordinates of an element from its row-major number."""
    coords: list[Any] = []
    for extent in reversed(list(shape)):
        coords.insert(0, as_expr(index) % extent)
        index = as_expr(index) // extent
    return coords
