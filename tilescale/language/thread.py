"""Threads of a block: their numbers, and barriers for all or some of them (GPUs only)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import Scalar, as_condition, const_int, describe

_BARRIERS = 16
_WARP = 32


def thread_call(name: str, values: list[Any], dtype: str) -> ir.Expr:
    """A call of a thread-level intrinsic.

    Raises:
        OutsideKernelError: no `T.Kernel` is open.
    """
    builder = context.current(f"T.{name}")
    builder.require_kernel(f"T.{name}")
    return ir.make_call(name, values, {}, dtype)


def _constant(what: str, value: Any, expected: str, allowed: Callable[[int], bool]) -> int:
    """The value as a constant.

    Raises:
        OperatorArgumentError: it is none, or not an allowed one.
    """
    number = const_int(value)
    if number is None or not allowed(number):
        raise mistake(
            errors.OperatorArgumentError,
            f"{what} is given a number that means nothing",
            expected=expected,
            got=describe(value),
            remedy="give a constant",
        )
    return number


def get_thread_binding(dim: int = 0) -> ir.Expr:
    """The index of this thread in dimension `dim` of its block.

    From then on the kernel is thread-level: each thread carries out what stands outside of tile
    operators and `T.Parallel` loops.

    Raises:
        OperatorArgumentError: `dim` is not 0, 1 or 2.
    """
    number = _constant("T.get_thread_binding", dim, "0, 1 or 2", lambda n: 0 <= n <= 2)
    return thread_call("get_thread_binding", [ir.const(number, "int32")], "int32")


def get_thread_bindings() -> tuple[ir.Expr, ir.Expr, ir.Expr]:
    """The indices of this thread in its block, x first; 0 in dimensions that the block lacks."""
    return get_thread_binding(0), get_thread_binding(1), get_thread_binding(2)


def _size(what: str, value: Any, otherwise: int) -> ir.Expr:
    given = otherwise if value is None else value
    return ir.const(_constant(what, given, "a positive constant", lambda n: n > 0), "int32")


def get_lane_idx(warp_size: int | None = None) -> ir.Expr:
    """The number of this thread in its warp."""
    return thread_call("get_lane_idx", [_size("T.get_lane_idx", warp_size, _WARP)], "int32")


def get_warp_idx(warp_size: int | None = None) -> ir.Expr:
    """The number of this thread's warp in its block."""
    return thread_call("get_warp_idx", [_size("T.get_warp_idx", warp_size, _WARP)], "int32")


def get_warp_idx_sync(warp_size: int | None = None) -> ir.Expr:
    """The same as `get_warp_idx`."""
    what = "T.get_warp_idx_sync"
    return thread_call("get_warp_idx_sync", [_size(what, warp_size, _WARP)], "int32")


def get_warp_group_idx(warp_size: int | None = None, warps_per_group: int | None = None) -> ir.Expr:
    """The number of this thread's group of 4 warps in its block."""
    what = "T.get_warp_group_idx"
    sizes = [_size(what, warp_size, _WARP), _size(what, warps_per_group, 4)]
    return thread_call("get_warp_group_idx", sizes, "int32")


def shuffle_elect(thread_extent: int) -> ir.Expr:
    """True in one thread of each `thread_extent` threads; 0 means the whole block.

    All threads of the warps must come here together.

    Raises:
        OperatorArgumentError: not a constant multiple of 32.
    """
    number = _constant(
        "T.shuffle_elect",
        thread_extent,
        "a constant multiple of 32",
        lambda n: n >= 0 and n % _WARP == 0,
    )
    return thread_call("shuffle_elect", [ir.const(number, "int32")], "bool")


def _barrier(what: str, barrier_id: Any, arrive_count: Any) -> list[ir.Expr]:
    barriers = f"a barrier from 0 to {_BARRIERS - 1}"
    number = _constant(what, barrier_id, barriers, lambda n: 0 <= n < _BARRIERS)
    counts = "a number of threads that is a multiple of 32"
    count = _constant(what, arrive_count, counts, lambda n: 0 < n <= 1024 and n % _WARP == 0)
    return [ir.const(number, "uint32"), ir.const(count, "uint32")]


def sync_threads(barrier_id: int | None = None, arrive_count: int | None = None) -> ir.Expr:
    """Waits until all threads of the block come here, and orders their accesses to memory.

    The compiler inserts the barriers that it finds missing; those that stand here are kept.

    Args:
        barrier_id: one of 16 barriers, for some threads of the block only.
        arrive_count: how many threads meet there, a multiple of 32; the block's if left out.

    Raises:
        OperatorArgumentError: no such barrier, or a count that is no multiple of 32.
    """
    if barrier_id is None and arrive_count is None:
        return thread_call("sync_threads", [], "int32")
    count = _block_threads() if arrive_count is None else arrive_count
    values = _barrier("T.sync_threads", 0 if barrier_id is None else barrier_id, count)
    return thread_call("sync_threads", values, "int32")


def _block_threads() -> int:
    launch = context.current("T.sync_threads").launch
    total = 1
    for extent in launch.threads if launch is not None else []:
        total *= const_int(extent) or 1
    return total if launch is not None and launch.threads else 128


def named_barrier_arrive(barrier_id: int, arrive_count: int) -> ir.Expr:
    """Counts this thread at a barrier without waiting; others wait with `sync_threads`.

    Raises:
        OperatorArgumentError: as for `sync_threads`.
    """
    values = _barrier("T.named_barrier_arrive", barrier_id, arrive_count)
    return thread_call("named_barrier_arrive", values, "int32")


def sync_grid() -> ir.Expr:
    """Waits until all threads of the grid come here, and orders their accesses to memory.

    The kernel is launched cooperatively: all blocks must fit on the device at once.
    """
    return thread_call("sync_grid", [], "int32")


def syncthreads_count(predicate: Scalar) -> ir.Expr:
    """A barrier of the block that gives the number of threads whose predicate is true."""
    return thread_call("syncthreads_count", [as_condition(predicate)], "int32")


def syncthreads_and(predicate: Scalar) -> ir.Expr:
    """A barrier of the block that tells whether the predicate of all threads is true."""
    return thread_call("syncthreads_and", [as_condition(predicate)], "bool")


def syncthreads_or(predicate: Scalar) -> ir.Expr:
    """A barrier of the block that tells whether the predicate of any thread is true."""
    return thread_call("syncthreads_or", [as_condition(predicate)], "bool")


__all__ = [
    "get_lane_idx",
    "get_thread_binding",
    "get_thread_bindings",
    "get_warp_group_idx",
    "get_warp_idx",
    "get_warp_idx_sync",
    "named_barrier_arrive",
    "shuffle_elect",
    "sync_grid",
    "sync_threads",
    "syncthreads_and",
    "syncthreads_count",
    "syncthreads_or",
]
