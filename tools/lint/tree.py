"""The source tree that the checks read, problems, and the list of allowed exceptions."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ALLOW_FILE = "tools/lint/allow.toml"
_SKIPPED = {".git", "build", "__pycache__", "node_modules"}


@dataclasses.dataclass(frozen=True)
class Problem:
    """One finding.

    Attributes:
        check: name of the check.
        path: file, relative to the root of the tree.
        line: line, 0 if the whole file is meant.
        text: what is wrong and what to do.
        symbol: function or word that it is about; "" if none.
    """

    check: str
    path: str
    line: int
    text: str
    symbol: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.check}] {self.text}"


def source_root() -> Path:
    """Returns the root of the checkout that this file belongs to, also from Bazel's runfiles."""
    return Path(__file__).resolve().parents[2]


def files(root: Path, suffixes: Iterable[str], under: str = "") -> Iterator[Path]:
    """Yields the files below `root/under` whose names end in one of `suffixes`, sorted."""
    wanted = tuple(suffixes)
    for folder, folders, names in os.walk(root / under):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED and not name.startswith(("bazel-", ".venv", ".mypy", ".ruff"))
        )
        for name in sorted(names):
            if name.endswith(wanted):
                yield Path(folder) / name


def relative(root: Path, path: Path) -> str:
    """Returns `path` as the checks print it."""
    return path.relative_to(root).as_posix()


def apply_allow_list(root: Path, check: str, problems: list[Problem]) -> list[Problem]:
    """Returns the problems that stay when the exceptions of `tools/lint/allow.toml` are taken out.

    An exception names a check, a path, perhaps a symbol, and a reason. One that lacks a reason or
    fits nothing is a problem itself, so that the list shrinks when the code gets better.
    """
    allow_file = root / ALLOW_FILE
    if not allow_file.exists():
        return problems
    left = list(problems)
    for entry in tomllib.loads(allow_file.read_text()).get("allow", []):
        if entry["check"] != check:
            continue
        symbol = entry.get("symbol", "")
        fits = [p for p in left if p.path == entry["path"] and symbol in ("", p.symbol)]
        left = [problem for problem in left if problem not in fits]
        if not entry.get("reason"):
            left.append(Problem(check, ALLOW_FILE, 0, f"no reason given for {entry['path']}"))
        if not fits:
            text = f"{entry['path']} {symbol} needs no exception any more: remove the entry"
            left.append(Problem(check, ALLOW_FILE, 0, text))
    return left
