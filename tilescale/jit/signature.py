"""Signatures of kernels, as described in cc/runtime/README.md: parameters, outputs, extents."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tilescale.errors import CompileOptionError, TensorSupplyError


@dataclasses.dataclass(frozen=True)
class KernelParam:
    """One parameter of a kernel.

    Attributes:
        name: as in the function.
        kind: "tensor", "scalar" or "pointer".
        dtype: element type.
        shape: extents of a tensor; a dynamic one is the name of its symbol or expression.
        role: "input", "output" (allocated and returned) or "workspace".
    """

    name: str
    kind: str
    dtype: str
    shape: tuple[int | str, ...]
    role: str


def make_param(signature: Mapping[str, Any], fields: Mapping[str, Any]) -> KernelParam:
    """Returns one entry of a signature's `params` as users see it."""
    shape = tuple(dim_value(signature, dim) for dim in fields.get("shape") or ())
    role = fields.get("role", "input")
    return KernelParam(fields["name"], fields["kind"], fields["dtype"], shape, role)


def dim_value(signature: Mapping[str, Any], dim: Mapping[str, int]) -> int | str:
    """Returns a dimension of a signature as a number, or as the text of what it depends on."""
    if "const" in dim:
        return dim["const"]
    if "symbol" in dim:
        return str(signature["symbols"][dim["symbol"]])
    texts = signature.get("expr_text") or []
    return str(texts[dim["expr"]]) if dim["expr"] < len(texts) else f"expr{dim['expr']}"


def with_outputs(signature: dict[str, Any], out_idx: Sequence[int] | None) -> dict[str, Any]:
    """Returns the signature with the parameters at `out_idx` allocated and returned, in this order.

    Raises:
        CompileOptionError: a position does not exist, is no tensor, or the function makes its
            outputs itself.
    """
    if out_idx is None or len(out_idx) == 0:
        return signature
    params = [dict(p) for p in signature["params"]]
    if any(p.get("role") == "output" for p in params):
        raise CompileOptionError(
            f"kernel `{signature['name']}` makes its outputs with T.empty",
            expected="no out_idx",
            remedy="leave out_idx out",
        )
    returns = []
    for position in out_idx:
        index = position + len(params) if position < 0 else position
        if not 0 <= index < len(params) or index in returns:
            raise _bad_position(signature, position, f"has {len(params)} parameters")
        if params[index]["kind"] != "tensor":
            raise _bad_position(signature, position, f"`{params[index]['name']}` is no tensor")
        params[index]["role"] = "output"
        returns.append(index)
    _check_symbols(signature, params)
    return {**signature, "params": params, "returns": returns}


def _bad_position(signature: dict[str, Any], position: int, reason: str) -> CompileOptionError:
    return CompileOptionError(
        f"out_idx {position} does not fit kernel `{signature['name']}`: {reason}",
        expected="positions of different tensor parameters",
        got=str(position),
    )


def _check_symbols(signature: dict[str, Any], params: Sequence[Mapping[str, Any]]) -> None:
    known = {p["symbol"] for p in params if p.get("symbol") is not None}
    for param in params:
        if param.get("role", "input") == "input":
            dims = [*(param.get("shape") or ()), *(param.get("strides") or ())]
            known |= {dim["symbol"] for dim in dims if "symbol" in dim}
    for index, name in enumerate(signature["symbols"]):
        if index not in known:
            raise CompileOptionError(
                f"out_idx takes away the only tensor that has the dynamic extent `{name}`",
                expected="every symbol is an extent, a stride or a scalar of some argument",
                remedy=f"pass the output yourself, or add `{name}` as a scalar parameter",
            )


def evaluate_exprs(signature: Mapping[str, Any], symbols: Sequence[int]) -> list[int]:
    """Returns the derived extents of a signature whose expressions are texts in postfix form.

    Raises:
        TensorSupplyError: one of them is undefined for these values of the symbols.
    """
    try:
        return [_postfix(text, symbols) for text in signature.get("exprs") or []]
    except ZeroDivisionError as error:
        raise TensorSupplyError(
            "an extent is undefined for these sizes", got=repr(list(symbols))
        ) from error


_OPERATORS: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "min": min,
    "max": max,
}


def _postfix(text: str, symbols: Sequence[int]) -> int:
    stack: list[int] = []
    for word in text.split():
        if word in _OPERATORS:
            right = stack.pop()
            stack.append(_OPERATORS[word](stack.pop(), right))
        else:
            stack.append(symbols[int(word[1:])] if word.startswith("s") else int(word))
    return stack[0]
