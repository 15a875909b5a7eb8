"""Files have at most 500 lines and functions at most 80."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.lint.tree import Problem, apply_allow_list, files, relative

CHECK = "size"
FILE_LINES = 500
FUNCTION_LINES = 80
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPE = re.compile(r"\s*(?:\w+\s*:\s*)?(?:namespace|class|struct|union|enum|extern)\b")
_COMMENT = r"//[^\n]*|/\*.*?\*/"
_RAW_STRING = r"R\"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)\""
_LITERAL = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
_NOISE = re.compile("|".join((_COMMENT, _RAW_STRING, _LITERAL)), re.DOTALL)


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def python_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yields (name, first line, number of lines) of each function.

    Docstrings don't count, and neither do functions inside: a kernel in the function that
    specialises it is measured on its own.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _FUNCTIONS):
            lines = _lines(node)
            if ast.get_docstring(node):
                lines -= _lines(node.body[0])
            lines -= sum(_lines(inner) for inner in node.body if isinstance(inner, _FUNCTIONS))
            yield node.name, node.lineno, lines


def _blank(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


def cc_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yields (name, first line, number of lines) of each function at namespace or class level.

    A brace opens a function when only namespaces and classes enclose it and the text before it has
    a parameter list; what is inside a function, lambdas too, counts as part of it.
    """
    text = _NOISE.sub(_blank, text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", _blank, text, flags=re.MULTILINE)
    opened: list[tuple[str, str, int, str]] = []  # (kind, name, line, text before it)
    head, line = "", 1
    for char in text:
        if char == "{":
            outer = all(kind == "scope" for kind, *_ in opened)
            opened.append((*(_classify(head) if outer else ("", "")), line, head))
            head = ""
        elif char == "}" and opened:
            kind, name, first, before = opened.pop()
            if kind == "function":
                yield name, first, line - first + 1
            head = before if kind == "argument" else ""
        else:
            head = "" if char == ";" else head + char
        line += char == "\n"


def _classify(head: str) -> tuple[str, str]:
    """Returns what the brace after `head` opens: ("scope" | "function" | "argument" | "", name)."""
    head = re.sub(r"\btemplate\s*<.*?>\s*(?=[a-zA-Z_:])", "", head, flags=re.DOTALL)
    if _SCOPE.match(head):
        return "scope", ""
    if head.count("(") > head.count(")"):
        return "argument", ""
    parameters = re.search(r"([~\w:]+(?:\s*operator\s*\S+?)?|operator\s*\S+?)\s*\(", head)
    before = head[: parameters.start()] if parameters else head
    assigned = re.search(r"(?<![=!<>+*/%&|^-])=(?!=)", before)
    if parameters and not assigned:
        return "function", parameters.group(1)
    return "", ""


def check(root: Path) -> list[Problem]:
    """Returns the files and functions that are too long."""
    problems = []
    for path in files(root, (".py", ".cc", ".h", ".cuh", ".bzl", ".sh")):
        text = path.read_text()
        name = relative(root, path)
        count = text.count("\n")
        if count > FILE_LINES:
            what = f"{count} lines, at most {FILE_LINES}: split it by responsibility"
            problems.append(Problem(CHECK, name, 0, what))
        if path.suffix == ".py":
            functions = python_functions(text)
        elif path.suffix in (".cc", ".h", ".cuh"):
            functions = cc_functions(text)
        else:
            continue
        for function, line, lines in functions:
            if lines > FUNCTION_LINES:
                what = f"{function} has {lines} lines, at most {FUNCTION_LINES}: split it"
                problems.append(Problem(CHECK, name, line, what, function))
    return apply_allow_list(root, CHECK, problems)
