"""No path of one machine, no address of a package server, nothing unfinished in any text file."""

from __future__ import annotations

import re
from pathlib import Path

from tools.lint.tree import Problem, apply_allow_list, files, relative

CHECK = "text"
_SUFFIXES = (
    *(".py", ".cc", ".h", ".cuh", ".bzl", ".sh", ".md", ".toml", ".txt", ".in", ".yml", ".html"),
    *(".bazel", ".BUILD", "WORKSPACE", ".bazelrc", "bazelw", "run"),
)
# The words are written in pieces, so that this file passes its own check.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w./])/(?:ro" r"ot|ho" r"me|wo" r"rk|op" r"t)/\w"),
    "the address of a download": re.compile(
        r"https?://\S*(?:\.wh" r"l|\.tar\.\w+|\.tgz|\.zi" r"p|\.de" r"b)\b"
    ),
    "the address of a package server": re.compile(
        r"https?://\S*(?:py" r"pi|pythonho" r"sted|/simple\b)|--(?:extra-)?index" r"-url"
    ),
    "unfinished work": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"),
}


def check_text(name: str, text: str) -> list[Problem]:
    """Returns the problems of one file's text."""
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            match = pattern.search(line)
            if match:
                word = match.group()
                problems.append(Problem(CHECK, name, number, f"{what}: {word}", word))
    return problems


def check(root: Path) -> list[Problem]:
    """Returns the forbidden words of the tree."""
    problems = []
    for path in files(root, _SUFFIXES):
        problems += check_text(relative(root, path), path.read_text(errors="replace"))
    return apply_allow_list(root, CHECK, problems)
