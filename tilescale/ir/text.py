"""The text form of the IR and the executable specification of its stages (docs/ir.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tilescale import _ffi

if TYPE_CHECKING:
    from tilescale.ir.stmt import Module, PrimFunc

_print = _ffi.get("ir.Print")
_parse = _ffi.get("ir.Parse")
_check_spec = _ffi.get("ir.CheckSpec")
_spec_rules = _ffi.get("ir.SpecRules")


class SpecRule(NamedTuple):
    """One rule of what is legal, and the stages at which it holds."""

    name: str
    text: str
    tile: bool
    scheduled: bool
    mapped: bool
    thread: bool


def to_text(node: Any, *, spans: bool = False) -> str:
    """The text form of a function, module, statement, expression, buffer or region.

    Args:
        node: what to print.
        spans: adds the user's file and line to each statement as a comment.
    """
    return str(_print(node, spans))


def parse(text: str) -> Module:
    """Reads functions as `to_text` prints them.

    Raises:
        IrSyntaxError: the text is not legal; says where and what was expected.
    """
    result: Module = _parse(text)
    return result


def check_spec(func: PrimFunc, stage: str) -> list[str]:
    """Every breach of the rules of a stage, as "rule: found".

    Args:
        func: the function.
        stage: "tile", "scheduled", "mapped" or "thread".
    """
    return [str(breach) for breach in _check_spec(func, stage)]


def spec_rules() -> list[SpecRule]:
    """All rules, in the order of the documentation."""
    return [SpecRule(str(name), str(text), *map(bool, at)) for name, text, *at in _spec_rules()]
