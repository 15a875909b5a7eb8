"""No Python file but the evaluator looks into the IR: lowering is the C++ pass library's work.

The front end builds nodes and holds values (expressions, buffers, regions), but it never asks what
kind of statement, operator or compound expression a node is. So these classes may be called, named
in an annotation, handed to a function, imported or declared, and nothing else: no isinstance, no
match, no table keyed by class. Their names are taken from the C++ declarations, so that a new node
is covered at once. Type keys as text are refused too, except where classes are declared.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tools.lint.tree import Problem, apply_allow_list, files, relative

CHECK = "ir_access"
READERS = ("tilescale/testing/evaluator.py", "tilescale/testing/eval_")
# What a program holds while it is traced.
VALUES = {
    *(
        "AddressOf",
        "Buffer",
        "Call",
        "Expr",
        "FloatImm",
        "IntImm",
        "Load",
        "Module",
        "PrimFunc",
        "Region",
    ),
    *("Schedule", "Span", "Stmt", "StringImm", "TileOp", "Var"),
}
_DECLARATION = re.compile(
    r'TVM_FFI_DECLARE_OBJECT_INFO\w*\(\s*"tilescale\.(?:ir|op)\.(?:\w+\.)*(\w+)"'
)
# Functions that ask for a class, or dispatch on it.
_QUESTIONS = {"isinstance", "issubclass", "register"}
_TYPE_KEY = re.compile(r"tilescale\.(?:ir|op)\.[A-Z]\w*")


def node_names(root: Path) -> set[str]:
    """Returns the classes that Python may only build."""
    names: set[str] = set()
    for folder in ("cc/ir", "cc/op"):
        for path in files(root, (".h", ".cc"), folder):
            names.update(_DECLARATION.findall(path.read_text()))
    return names - VALUES


class _Finder(ast.NodeVisitor):
    """Collects the uses of node classes other than to build, annotate or declare."""

    def __init__(self, nodes: set[str]) -> None:
        self._nodes = nodes
        self._classes: dict[str, str] = {}  # local name -> class
        self._modules: set[str] = set()  # local names of our modules
        self.found: list[tuple[int, str]] = []

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            if name.name.split(".")[0] == "tilescale":
                self._modules.add(name.asname or "tilescale")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not node.level and (node.module or "").split(".")[0] != "tilescale":
            return
        for name in node.names:
            if name.name in self._nodes:
                self._classes[name.asname or name.name] = name.name
            else:
                self._modules.add(name.asname or name.name)

    def _class_of(self, node: ast.AST) -> str | None:
        if isinstance(node, ast.Name):
            return self._classes.get(node.id)
        if isinstance(node, ast.Attribute) and node.attr in self._nodes:
            base = node.value
            while isinstance(base, ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name) and base.id in self._modules:
                return node.attr
        return None

    def visit_Call(self, node: ast.Call) -> None:
        if self._class_of(node.func) is None:
            self.visit(node.func)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        for child in [*node.args, *(keyword.value for keyword in node.keywords)]:
            # A class handed to a function is built there: emit(ir.Copy, source, target).
            if name in _QUESTIONS or self._class_of(child) is None:
                self.visit(child)

    def visit_Name(self, node: ast.Name) -> None:
        self._report(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._report(node):
            self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """Annotations of parameters are no uses."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for child in [*node.decorator_list, *node.args.defaults, *node.body]:
            self.visit(child)
        for default in node.args.kw_defaults:
            if default is not None:
                self.visit(default)

    def _report(self, node: ast.Name | ast.Attribute) -> bool:
        name = self._class_of(node)
        if name is not None:
            self.found.append((node.lineno, name))
        return name is not None


def _declares(tree: ast.Module) -> set[int]:
    """Returns the lines of decorators and of class bodies, where type keys are declared."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                last = decorator.end_lineno or decorator.lineno
                lines.update(range(decorator.lineno, last + 1))
    return lines


def check_file(name: str, text: str, nodes: set[str]) -> list[Problem]:
    """Returns the problems of one Python file."""
    tree = ast.parse(text)
    finder = _Finder(nodes)
    finder.visit(tree)
    what = "{} is looked into here; only the C++ passes and the evaluator do that"
    problems = [Problem(CHECK, name, at, what.format(node), node) for at, node in finder.found]
    declared = _declares(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or node.lineno in declared:
            continue
        if isinstance(node.value, str) and _TYPE_KEY.fullmatch(node.value):
            text = what.format(node.value)
            problems.append(Problem(CHECK, name, node.lineno, text, node.value))
    return problems


def check(root: Path) -> list[Problem]:
    """Returns the places where Python looks into the IR."""
    nodes = node_names(root)
    problems = []
    for path in files(root, (".py",), "tilescale"):
        name = relative(root, path)
        if not name.startswith(READERS):
            problems += check_file(name, path.read_text(), nodes)
    return apply_allow_list(root, CHECK, problems)
