"""Questions about Python syntax trees, and the constructs that kernels may not use."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tilescale import errors
from tilescale.errors import Span

_REMEDIES: dict[type[ast.AST], tuple[str, str]] = {
    ast.ClassDef: ("a class definition", "define the class outside, with @T.meta_class"),
    ast.AsyncFunctionDef: ("an async function", "use a plain function"),
    ast.AsyncFor: ("async for", "use a plain for loop"),
    ast.AsyncWith: ("async with", "use a plain with statement"),
    ast.Await: ("await", "kernels run to completion; remove it"),
    ast.Try: ("try/except", "check the condition with an `if` instead"),
    ast.Yield: ("yield", "return a tuple or list instead"),
    ast.YieldFrom: ("yield from", "return a tuple or list instead"),
    ast.Delete: ("del", "remove it: buffers are freed at the end of their block"),
    ast.Global: ("global", "pass the value as an argument, or return it"),
    ast.Nonlocal: ("nonlocal", "use a T.alloc_var, which nested functions may assign"),
    ast.Import: ("import", "import at the top of the file"),
    ast.ImportFrom: ("import", "import at the top of the file"),
    ast.Match: ("match", "use if/elif/else"),
}
if hasattr(ast, "TryStar"):
    _REMEDIES[ast.TryStar] = _REMEDIES[ast.Try]
if hasattr(ast, "TypeAlias"):
    _REMEDIES[ast.TypeAlias] = ("a type alias", "define it outside of the kernel")

#: Start of the names that rewriting makes up.
TEMPORARY = "__ts_"

_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def span_of(node: ast.AST, file: str) -> Span:
    """The place of a syntax node for errors; columns of lines with non-ASCII text are in bytes."""
    line = getattr(node, "lineno", 0)
    same_line = getattr(node, "end_lineno", line) == line
    end = getattr(node, "end_col_offset", 0) if same_line else -1
    return Span(file, line, getattr(node, "col_offset", -1) + 1, end + 1)


def reject(node: ast.AST, file: str, what: str, remedy: str) -> None:
    """Raises `UnsupportedSyntaxError` at `node`."""
    raise errors.UnsupportedSyntaxError(
        f"{what} is not supported inside a kernel", remedy=remedy, span=span_of(node, file)
    )


def check(node: ast.AST, file: str) -> None:
    """Raises `UnsupportedSyntaxError` if `node` itself is a construct that kernels may not use."""
    found = _REMEDIES.get(type(node))
    if found is not None:
        reject(node, file, *found)


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, _OWN_SCOPE):
        if not isinstance(node, ast.Lambda):
            yield node.name
        return
    if isinstance(node, _COMPREHENSIONS):
        for child in ast.walk(node):
            if isinstance(child, ast.NamedExpr) and isinstance(child.target, ast.Name):
                yield child.target.id
        return
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def assigned_names(nodes: list[ast.stmt]) -> list[str]:
    """The local names that the statements assign, in order.

    Those of nested functions, and those that rewriting made up, are left out.
    """
    names = dict.fromkeys(name for node in nodes for name in _bound(node))
    return [name for name in names if not name.startswith(TEMPORARY)]


def parameter_names(function: ast.FunctionDef) -> tuple[str, ...]:
    """All parameters of a function definition."""
    args = function.args
    plain = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    extra = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return tuple(arg.arg for arg in [*plain, *extra])


def target_names(target: ast.expr | None) -> tuple[str, ...]:
    """The names in an assignment target, `_` for anything that is not a name."""
    if target is None:
        return ()
    if isinstance(target, (ast.Tuple, ast.List)):
        return tuple(name for item in target.elts for name in target_names(item))
    return (target.id if isinstance(target, ast.Name) else "_",)
