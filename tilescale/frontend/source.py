"""From a Python function to its rewritten twin."""

from __future__ import annotations

import ast
import functools
import inspect
import types
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from tilescale import errors
from tilescale.frontend import rewriter


def _parse(code: CodeType) -> ast.FunctionDef:
    """The definition of a function with the line and column numbers of its file."""
    try:
        lines, first = inspect.getsourcelines(code)
    except (OSError, TypeError) as error:
        raise errors.SourceUnavailableError(
            f"the source of `{code.co_name}` cannot be read",
            got=f"a function defined in {code.co_filename}",
            remedy="define kernels in a file or notebook cell, not in exec() or python -c",
        ) from error
    text = "".join(lines)
    # A prefix instead of dedentation keeps the columns.
    indented = text[:1].isspace()
    tree = ast.parse("if 1:\n" + text if indented else text)
    node = tree.body[0].body[0] if indented else tree.body[0]  # type: ignore[attr-defined]
    ast.increment_lineno(node, first - 1 - int(indented))
    if isinstance(node, ast.AsyncFunctionDef):
        from tilescale.frontend import syntax

        syntax.check(node, code.co_filename)
    if not isinstance(node, ast.FunctionDef):
        raise errors.SourceUnavailableError(
            f"`{code.co_name}` is not defined by a `def` statement",
            got="a lambda or generated function",
            remedy="write it as `def name(...):`",
        )
    return node


class _Mangler(ast.NodeTransformer):
    """Gives private names of a method the form that Python gives them inside the class."""

    def __init__(self, owner: str) -> None:
        self._prefix = f"_{owner.lstrip('_')}"

    def _mangled(self, name: str) -> str:
        return self._prefix + name if name.startswith("__") and not name.endswith("__") else name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """A name."""
        node.id = self._mangled(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        """An attribute."""
        self.generic_visit(node)
        node.attr = self._mangled(node.attr)
        return node


@functools.lru_cache(maxsize=512)
def _rewrite(code: CodeType, file: str) -> CodeType:
    """The code object of the rewritten function."""
    parsed = _parse(code)
    owner = code.co_qualname.split(".")[-2:-1]
    if owner and owner[0] != "<locals>":
        _Mangler(owner[0]).visit(parsed)
    node = rewriter.Rewriter(file).function(parsed)
    free = [*code.co_freevars, rewriter.ENTER]
    outer = ast.FunctionDef(
        "__ts_factory",
        ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, []),
        [node, ast.Return(ast.Name(node.name, ast.Load()))],
        [],
    )
    outer = ast.copy_location(rewriter.without_type_params(outer), node)
    module = ast.fix_missing_locations(ast.Module([outer], []))
    compiled = compile(module, file, "exec", dont_inherit=True)
    factory = _code_in(compiled, "__ts_factory")
    return _code_in(factory, node.name)


def _code_in(code: CodeType, name: str) -> CodeType:
    return next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)


def rewritten(function: FunctionType) -> Callable[..., Any]:
    """A function like `function`, with the same closure, that calls the builder.

    Raises:
        SourceUnavailableError: its source cannot be read.
        UnsupportedSyntaxError: it uses a construct that has no meaning in a kernel.
    """
    from tilescale.frontend.scope import enter

    code = _rewrite(function.__code__, function.__code__.co_filename)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    cells[rewriter.ENTER] = types.CellType(enter)
    closure = tuple(cells[name] for name in code.co_freevars)
    new = FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, closure
    )
    new.__kwdefaults__ = function.__kwdefaults__
    return new
