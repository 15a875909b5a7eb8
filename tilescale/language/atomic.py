"""Atomic updates of elements and tiles."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer, Region, Variable
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import Scalar, as_typed, describe
from tilescale.language import hints
from tilescale.language.copy import check_extents
from tilescale.language.region import as_region, emit, grown

_ORDERS = ("relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst")
_ALLOWED = {
    "load": ("relaxed", "consume", "acquire", "seq_cst"),
    "store": ("relaxed", "release", "seq_cst"),
}


def _attrs(what: str, memory_order: str | int | None, use_tma: bool = False) -> dict[str, Any]:
    allowed = _ALLOWED.get(what, _ORDERS)
    if isinstance(memory_order, int) and 0 <= memory_order < len(_ORDERS):
        memory_order = _ORDERS[memory_order]
    if memory_order is not None and memory_order not in allowed:
        raise mistake(
            errors.OperatorArgumentError,
            f"T.atomic_{what} cannot have the memory order {memory_order!r}",
            expected=", ".join(allowed),
            got=repr(memory_order),
            remedy='use "relaxed" unless other memory depends on the value',
        )
    attrs: dict[str, Any] = {"memory_order": memory_order or "relaxed"}
    if hints.flag(f"T.atomic_{what}", "use_tma", use_tma):
        attrs["use_tma"] = True
    return attrs


def address_of(element: Any) -> ir.Expr:
    """The address of an element such as `A[i, j]`, or of a buffer's first element.

    Raises:
        NotABufferError: `element` is neither.
    """
    if isinstance(element, ir.Load):
        return ir.AddressOf(element.buffer, element.indices)
    if isinstance(element, Buffer):
        return element.access_ptr()
    if isinstance(element, Region):
        mins = as_region(element, "T.address_of").node().mins
        return ir.AddressOf(element.buffer.node, mins)
    raise mistake(
        errors.NotABufferError,
        "an address is taken of something that is not in memory",
        expected="an element such as `A[i, j]`",
        got=describe(element),
        remedy="store the value into a buffer first",
    )


def _element(dst: Any) -> ir.Load | None:
    """The element that a scalar update works on, None for a tile."""
    if isinstance(dst, ir.Load):
        return dst
    if isinstance(dst, Variable):
        load = dst.__ts_expr__()
        return load if isinstance(load, ir.Load) else None
    return None


def _update(
    name: str,
    dst: Any,
    value: Any,
    memory_order: str | int | None,
    return_prev: bool,
    use_tma: bool = False,
) -> Any:
    what = f"T.atomic_{name}"
    attrs = _attrs(name, memory_order, use_tma)
    element = _element(dst)
    if element is not None and name == "or":
        _check_bits(what, element)
    is_tile = isinstance(value, (Buffer, Region)) and not isinstance(value, Variable)
    if element is not None and not is_tile:
        call = ir.make_call(
            f"atomic_{name}",
            [address_of(element), as_typed(value, str(element.dtype))],
            attrs,
            element.dtype,
        )
        return _evaluate(what, call, return_prev)
    if return_prev:
        raise mistake(
            errors.OperatorArgumentError,
            f"{what} of a tile cannot return old values",
            expected="return_prev only with one element",
            remedy="loop over the elements with T.Parallel",
        )
    _update_tile(what, name, dst, value, attrs)
    return None


def _check_bits(what: str, element: ir.Load) -> None:
    kind = str(element.dtype)
    if "float" in kind:
        raise mistake(
            errors.AtomicDTypeError,
            f"{what} needs an integer element",
            expected="an integer type",
            got=kind,
            remedy="use T.atomic_add, T.atomic_max or T.atomic_min for floating types",
        )


def _update_tile(what: str, name: str, dst: Any, value: Any, attrs: dict[str, Any]) -> None:
    src = as_region(value, what) if not isinstance(value, ir.Load) else None
    if src is None:
        target = as_region(dst, what)
        src = grown(value, target, what)
    elif isinstance(dst, ir.Load):
        target = grown(dst, src, what)
    else:
        target = as_region(dst, what)
        check_extents(src, target, what)
    kind = ir.op.AtomicKind[name.upper()]
    emit(what, ir.op.Atomic, target.node(), src.node(), int(kind), attrs)


def _evaluate(what: str, call: ir.Expr, return_prev: bool) -> Any:
    builder = context.current(what)
    builder.require_kernel(what)
    if return_prev:
        # Evaluated once, here, however often the old value is used.
        return builder.bind(builder.take_hint("prev"), call)
    builder.emit(ir.Evaluate(call, builder.span()))
    return None


def atomic_add(
    dst: Any,
    value: Any,
    memory_order: str | int | None = None,
    return_prev: bool = False,
    use_tma: bool = False,
) -> Any:
    """Adds to an element, or a tile to a tile, each element indivisibly.

    Args:
        dst: an element, buffer or region.
        value: a scalar for an element, a buffer or region for a tile.
        memory_order: "relaxed" by default.
        return_prev: whether to return the old value (elements only).
        use_tma: a hint without effect: no target has a tensor memory accelerator yet.

    Returns:
        The old value with `return_prev`, else None.

    Raises:
        OperatorArgumentError: no such memory order, or `return_prev` of a tile.
        ExtentMismatchError: two tiles of different extents.
    """
    return _update("add", dst, value, memory_order, return_prev, use_tma)


def atomic_max(
    dst: Any, value: Any, memory_order: str | int | None = None, return_prev: bool = False
) -> Any:
    """Sets each element to the larger of both; arguments as for `atomic_add`."""
    return _update("max", dst, value, memory_order, return_prev)


def atomic_min(
    dst: Any, value: Any, memory_order: str | int | None = None, return_prev: bool = False
) -> Any:
    """Sets each element to the smaller of both; arguments as for `atomic_add`."""
    return _update("min", dst, value, memory_order, return_prev)


def atomic_or(
    dst: Any, value: Any, memory_order: str | int | None = None, return_prev: bool = False
) -> Any:
    """Sets the bits of `value` in each element; arguments as for `atomic_add`."""
    return _update("or", dst, value, memory_order, return_prev)


def _add_vector(dst: Any, value: Any, count: int, return_prev: bool) -> None:
    what = f"T.atomic_addx{count}"
    if return_prev:
        raise mistake(
            errors.OperatorArgumentError,
            f"{what} cannot return old values",
            remedy="use T.atomic_add on each element",
        )
    for i in range(count):
        target, source = (_neighbour(operand, i, what) for operand in (dst, value))
        _update("add", target, source, None, False)


def _neighbour(operand: Any, i: int, what: str) -> Any:
    """The element `i` places after `operand` along the last dimension."""
    region = as_region(operand, what)
    *outer, last = region.mins
    return region.buffer[(*outer, last + i)]


def atomic_addx2(dst: Any, value: Any, return_prev: bool = False) -> None:
    """Adds 2 neighbouring elements along the last dimension, starting at `value`, to `dst`."""
    _add_vector(dst, value, 2, return_prev)


def atomic_addx4(dst: Any, value: Any, return_prev: bool = False) -> None:
    """Adds 4 neighbouring elements along the last dimension, starting at `value`, to `dst`."""
    _add_vector(dst, value, 4, return_prev)


def atomic_load(src: Any, memory_order: str | int = "seq_cst") -> Any:
    """Reads an element indivisibly.

    Raises:
        OperatorArgumentError: no such memory order for a load.
        NotABufferError: `src` is not an element.
    """
    attrs = _attrs("load", memory_order)
    element = _element(src)
    address = address_of(src if element is None else element)
    kind = str(src.dtype) if element is None else str(element.dtype)
    call = ir.make_call("atomic_load", [address], attrs, kind)
    return _evaluate("T.atomic_load", call, True)


def atomic_store(dst: Any, value: Scalar, memory_order: str | int = "seq_cst") -> None:
    """Writes an element indivisibly.

    Raises:
        OperatorArgumentError: no such memory order for a store.
        NotABufferError: `dst` is not an element.
    """
    attrs = _attrs("store", memory_order)
    element = _element(dst)
    address = address_of(dst if element is None else element)
    kind = str(dst.dtype) if element is None else str(element.dtype)
    call = ir.make_call("atomic_store", [address, as_typed(value, kind)], attrs, kind)
    _evaluate("T.atomic_store", call, False)


__all__ = [
    "address_of",
    "atomic_add",
    "atomic_addx2",
    "atomic_addx4",
    "atomic_load",
    "atomic_max",
    "atomic_min",
    "atomic_or",
    "atomic_store",
]
