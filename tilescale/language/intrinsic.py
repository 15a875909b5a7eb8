"""Intrinsics and foreign functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tilescale import errors, ir
from tilescale.frontend.buffer import Buffer, Region
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.values import Scalar, as_expr, as_typed, describe
from tilescale.language.atomic import address_of
from tilescale.language.region import as_region

#: Thread-level intrinsics: the type of their value ("" for that of the argument `value`), and their
#: parameters, some with a default.
THREAD_LEVEL: dict[str, tuple[str, str]] = {
    "fence_proxy_async": ("int32", ""),
}


def _argument(value: Any) -> Any:
    if isinstance(value, str):
        return ir.StringImm(value)
    if isinstance(value, Region) or (isinstance(value, Buffer) and value.space != "var"):
        return address_of(value)
    return as_expr(value)


def _bound(name: str, text: str, args: tuple[Any, ...], given: dict[str, Any]) -> list[Any]:
    """The values of the parameters in order, up to the last one that is given or has a default."""
    params = [item.partition("=") for item in text.split()]
    values = dict(zip((key for key, _, _ in params), args, strict=False))
    known = {key for key, _, _ in params}
    missing = {key for key, equals, _ in params if not equals} - {*values, *given}
    if len(args) > len(params) or missing or not given.keys() <= known - values.keys():
        raise mistake(
            errors.OperatorArgumentError,
            f"T.{name} is called with the wrong arguments",
            expected=", ".join(key + equals + default for key, equals, default in params) or "none",
            got=", ".join([*map(describe, args), *(f"{key}=..." for key in given)]) or "none",
            remedy="pass the arguments in this order, or by their names",
        )
    result: list[Any] = []
    for key, _, default in params:
        value = {**values, **given}.get(key, int(default) if default else None)
        if value is None:
            break
        result.append(value)
    return result


def _lanes(key: str, value: Any) -> Any:
    """Masks of lanes are uint32."""
    return as_typed(value, "uint32") if key == "mask" else _argument(value)


def _thread_level(name: str, kind: str, text: str) -> Callable[..., ir.Expr]:
    keys = [item.partition("=")[0] for item in text.split()]

    def function(*args: Scalar, **given: Scalar) -> ir.Expr:
        bound = _bound(name, text, args, given)
        values = [_lanes(key, value) for key, value in zip(keys, bound, strict=False)]
        if "predicate" in keys:
            at = keys.index("predicate")
            values[at] = as_typed(values[at], "bool")
        return ir.make_call(name, values, {}, kind or values[keys.index("value")].dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The thread-level intrinsic `{name}({', '.join(text.split())})`: GPUs only."
    return function


def thread_level_functions() -> dict[str, Callable[..., ir.Expr]]:
    """The functions of `THREAD_LEVEL` by name."""
    return {name: _thread_level(name, *rule) for name, rule in THREAD_LEVEL.items()}


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


__all__ = [
    "all_of",
    "any_of",
    "call_extern",
    "call_intrin",
    "call_pure_extern",
    "dp4a",
    "index_to_coordinates",
    "thread_level_functions",
]
