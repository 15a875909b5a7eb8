"""What the index of a buffer means: elements, regions, negative indices, ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.values import as_expr, as_index, const_int, format_dim, simplest

if TYPE_CHECKING:
    from tilescale.frontend.buffer import Buffer


def normalize(buffer: Buffer, index: Any) -> tuple[list[Any], list[Any] | None]:
    """Returns one first index per dimension, and the extents if `index` has slices.

    Raises:
        IndexCountError: not one index per dimension.
        IndexRangeError: a constant index or slice outside the buffer.
        IndexTypeError: an index that is not an integer.
        RegionStepError: a slice with a step.
    """
    items = list(index) if isinstance(index, (tuple, list)) else [index]
    items = _expand_ellipsis(buffer, items)
    if len(items) != buffer.ndim:
        _fail_count(buffer, len(items))
    if not any(isinstance(item, slice) for item in items):
        return [_element(buffer, d, item) for d, item in enumerate(items)], None
    mins, extents = [], []
    for d, item in enumerate(items):
        if isinstance(item, slice):
            start, extent = _slice(buffer, d, item)
        else:
            start, extent = _element(buffer, d, item), 1
        mins.append(start)
        extents.append(extent)
    return mins, extents


def _expand_ellipsis(buffer: Buffer, items: list[Any]) -> list[Any]:
    if not any(item is Ellipsis for item in items):
        return items
    at = next(i for i, item in enumerate(items) if item is Ellipsis)
    missing = buffer.ndim - (len(items) - 1)
    return [*items[:at], *[slice(None)] * max(missing, 0), *items[at + 1 :]]


def _fail_count(buffer: Buffer, count: int) -> None:
    wanted = ", ".join(["..."] * buffer.ndim)
    raise mistake(
        errors.IndexCountError,
        f"`{buffer.name}` is indexed with the wrong number of indices",
        expected=f"{buffer.ndim}",
        got=f"{count}",
        remedy=f"write `{buffer.name}[{wanted}]`; use `:` for a whole dimension",
    )


def _element(buffer: Buffer, dim: int, item: Any) -> Any:
    number = const_int(item) if not isinstance(item, bool) else None
    if number is None:
        return as_index(item)
    extent = const_int(buffer.shape[dim])
    if number < 0:
        number = _from_end(buffer, dim, number)
    elif extent is not None and number >= extent:
        _fail_range(buffer, dim, item)
    return number


def _from_end(buffer: Buffer, dim: int, number: int) -> Any:
    extent = const_int(buffer.shape[dim])
    if extent is None:
        return buffer.shape[dim] + number
    if number < -extent:
        _fail_range(buffer, dim, number)
    return extent + number


def _fail_range(buffer: Buffer, dim: int, item: Any) -> None:
    extent = format_dim(buffer.shape[dim])
    raise mistake(
        errors.IndexRangeError,
        f"index {const_int(item)} is outside dimension {dim} of `{buffer.name}`",
        expected=f"-{extent} <= index < {extent}",
        got=str(const_int(item)),
        remedy="correct the index, or the shape of the buffer",
    )


def _slice(buffer: Buffer, dim: int, item: slice) -> tuple[Any, Any]:
    if item.step is not None and const_int(item.step) != 1:
        raise mistake(
            errors.RegionStepError,
            f"a slice of `{buffer.name}` has a step",
            expected="a slice of the form `start:stop`",
            remedy="loop over the elements with T.Parallel and index `start + i * step`",
        )
    extent = buffer.shape[dim]
    start = _bound(buffer, dim, item.start, 0)
    stop = _bound(buffer, dim, item.stop, extent)
    length = difference(stop, start)
    number = const_int(length)
    if number is not None and number < 0:
        raise mistake(
            errors.IndexRangeError,
            f"a slice of dimension {dim} of `{buffer.name}` ends before it starts",
            got=f"{format_dim(start)}:{format_dim(stop)}",
            remedy="swap the bounds",
        )
    return start, length


def _bound(buffer: Buffer, dim: int, item: Any, default: Any) -> Any:
    if item is None:
        return default
    number = const_int(item)
    if number is None:
        return as_index(item)
    extent = const_int(buffer.shape[dim])
    if number < 0:
        return _from_end(buffer, dim, number)
    if extent is not None and number > extent and buffer.space != "global":
        _fail_range(buffer, dim, item)
    return number


def difference(stop: Any, start: Any) -> Any:
    """`stop - start`, a Python int if that is a constant."""
    if const_int(start) == 0:
        return simplest(stop)
    a, b = const_int(stop), const_int(start)
    if a is not None and b is not None:
        return a - b
    distance = simplify(as_expr(stop) - start)
    builder = context.current_or_none()
    if const_int(distance) is None and builder is not None and builder.definitions:
        distance = simplify(ir.expand_binds(distance, builder.definitions))
    return simplest(distance)


def simplify(expr: ir.Expr) -> ir.Expr:
    """`expr` in the simplest form that the compiler's arithmetic finds."""
    from tilescale import _ffi

    result: ir.Expr = _ffi.get("arith.Simplify")(expr, {})
    return result


def is_integer_type(kind: Any) -> bool:
    """Whether values of this type can be indices."""
    return to_dtype(str(kind)).is_int()
