"""Which tests run an operator of the language, and on which back ends: read from their sources.

A test runs an operator if its function, or what that uses in its module or in a module of kernels,
mentions `T.<name>` and calls one of the runners below.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tilescale.language as T

ROOT = Path(__file__).absolute().parents[2]
FOLDERS = ("tests/language", "tests/porting", "tests/codegen/cuda", "tests/gpu")

SIMULATED = tuple(f"sim:{arch}" for arch in ("sm_75", "sm_80", "sm_89", "sm_120"))
ON_GPUS = (*SIMULATED, "hardware")
EVERYWHERE = ("evaluator", "cpu", *ON_GPUS)

#: What runs a kernel -> where. The targets of tests/*/BUILD.bazel supply the architectures.
RUNNERS = {
    "kernel_run.run": EVERYWHERE,
    "kernel_run.call": ("cpu", *ON_GPUS),
    "machine.build": ON_GPUS,
    "thread_sim.run": ON_GPUS,
    "check": ON_GPUS,
    "evaluator.run": ("evaluator",),
    "evaluate": ("evaluator",),
    "run_on_host": ("cpu",),
    "run_with_address": ("cpu", "hardware"),
}


@dataclass(frozen=True)
class Case:
    """One test."""

    test: str
    operators: frozenset[str]
    back_ends: frozenset[str]


class Module:
    """What a file defines at its top level, and the kernel modules that it imports."""

    def __init__(self, path: Path) -> None:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self.path = path
        self.definitions: dict[str, ast.stmt] = {}
        self.modules: dict[str, Module] = {}
        for statement in tree.body:
            self._enter(statement)

    def _enter(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            self.definitions[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                for node in ast.walk(target):
                    if isinstance(node, ast.Name):
                        self.definitions[node.id] = statement
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                file = ROOT / (statement.module or "").replace(".", "/") / f"{alias.name}.py"
                if file.exists() and "kernels" in alias.name:
                    self.modules[alias.asname or alias.name] = Module(file)

    def reachable(self, name: str) -> list[ast.stmt]:
        """Returns a definition and all that it mentions, here and in modules of kernels."""
        found: list[ast.stmt] = []
        waiting: list[tuple[Module, str]] = [(self, name)]
        while waiting:
            module, current = waiting.pop()
            statement = module.definitions.get(current)
            if statement is None or statement in found:
                continue
            found.append(statement)
            waiting += module.mentions(statement)
        return found

    def mentions(self, statement: ast.stmt) -> Iterator[tuple[Module, str]]:
        """Yields the definitions that a statement mentions, each with its module."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                yield self, node.id
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = self.modules.get(node.value.id)
                if module is not None:
                    yield module, node.attr


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _texts(node: ast.expr, strings: Iterable[str]) -> set[str]:
    """The names that the second argument of `getattr(T, ...)` may be."""
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.Constant) else None for p in node.values]
        return {"".join(s if p is None else str(p) for p in parts) for s in strings}
    return set(strings)


def operators_of(statements: list[ast.stmt]) -> set[str]:
    """Returns the names of `T` that statements mention, as an attribute or through `getattr`."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    strings = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    # One parameter may list several names: `"sin cos".split()`.
    strings |= {word for text in strings for word in text.split()}
    names = set()
    for node in nodes:
        if isinstance(node, ast.Attribute) and _dotted(node).startswith("T."):
            names.add(node.attr)
        elif isinstance(node, ast.Call) and [_dotted(node.func), *map(_dotted, node.args[:1])] == [
            "getattr",
            "T",
        ]:
            names |= _texts(node.args[1], strings)
    return names & set(T.__all__)


def _expects_error(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any(
        isinstance(item.context_expr, ast.Call)
        and _dotted(item.context_expr.func) == "pytest.raises"
        for item in node.items
    )


def back_ends_of(statements: list[ast.stmt]) -> set[str]:
    """Returns where the runners that statements call run kernels, and not only refuse them."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    refused = {inner for node in nodes if _expects_error(node) for inner in ast.walk(node)}
    nodes = [node for node in nodes if node not in refused]
    used = {_dotted(n) for n in nodes if isinstance(n, ast.Attribute | ast.Name)}
    places = {place for runner in used & set(RUNNERS) for place in RUNNERS[runner]}
    return places | ({"cpu"} if any(map(_compiles_for_cpu, nodes)) else set())


def _compiles_for_cpu(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and _dotted(node.func) == "tilescale.compile"
        and any(
            keyword.arg == "target"
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value in ("c", "cpu")
            for keyword in node.keywords
        )
    )


@functools.cache
def cases() -> tuple[Case, ...]:
    """Returns all tests that run kernels."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*_test.py")):
            module = Module(path)
            for name in module.definitions:
                if not name.startswith("test_"):
                    continue
                statements = module.reachable(name)
                back_ends = back_ends_of(statements)
                if back_ends:
                    test = f"{path.relative_to(ROOT)}::{name}"
                    operators = frozenset(operators_of(statements))
                    found.append(Case(test, operators, frozenset(back_ends)))
    return tuple(found)


def case_on(operator: str, back_end: str) -> str | None:
    """Returns a test that runs an operator on a back end."""
    for case in cases():
        if operator in case.operators and back_end in case.back_ends:
            return case.test
    return None
