"""The checks that other programs do: ruff, clang-format and mypy, from the locked wheels."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.lint.tree import Problem, files, relative

_LOCATION = re.compile(r"^(?P<path>[^\s:]+):(?P<line>\d+):(?:\d+:)?\s*(?P<text>.*)$")


def find_tool(name: str) -> Path:
    """Returns the program `name` of a wheel on the import path."""
    for folder in sys.path:
        for inner in ("bin", f"{name.replace('-', '_')}/data/bin"):
            program = Path(folder) / inner / name
            if program.is_file():
                return program
    raise FileNotFoundError(f"{name} is on no import path: add its package to the target's deps")


def _run(command: list[str], root: Path) -> tuple[int, str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=root, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, done.stdout


def _problems(check: str, status: int, output: str) -> list[Problem]:
    """Turns a program's `file:line: text` lines into problems; a failure without any is one too."""
    problems = []
    for line in output.splitlines():
        match = _LOCATION.match(line)
        if match:
            where = int(match["line"])
            problems.append(Problem(check, match["path"], where, match["text"]))
    if status and not problems:
        problems.append(Problem(check, ".", 0, output.strip()[-4000:]))
    return problems if status else []


def check_ruff(root: Path) -> list[Problem]:
    """Returns what `ruff check` reports."""
    options = ["--no-cache", "--quiet", "--output-format=concise"]
    return _problems("ruff", *_run([str(find_tool("ruff")), "check", *options, "."], root))


def check_ruff_format(root: Path) -> list[Problem]:
    """Returns the Python files that `ruff format` would change."""
    status, output = _run([str(find_tool("ruff")), "format", "--no-cache", "--check", "."], root)
    names = re.findall(r"^\s*--> ([^:\n]+):\d+", output, re.MULTILINE)
    fix = "run `./bazelw run //tools/lint -- --fix`"
    problems = [Problem("ruff-format", name, 0, fix) for name in sorted(set(names))]
    return problems or _problems("ruff-format", status, output)


def cc_files(root: Path) -> list[str]:
    """Returns the C++ files of the tree."""
    return [relative(root, path) for path in files(root, (".cc", ".h", ".cuh"))]


def check_clang_format(root: Path) -> list[Problem]:
    """Returns the places that clang-format would change."""
    names = cc_files(root)
    if not names:
        return []
    command = [str(find_tool("clang-format")), "--dry-run", "--Werror", *names]
    problems = _problems("clang-format", *_run(command, root))
    first = {problem.path: problem for problem in reversed(problems)}
    return sorted(first.values(), key=lambda problem: problem.path)


def check_mypy(root: Path, targets: tuple[str, ...] = ("tilescale",)) -> list[Problem]:
    """Returns what mypy reports for `targets` under the options of pyproject.toml."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "mypy", f"--cache-dir={cache}", "--no-error-summary"]
        command += ["--show-error-codes", "--no-pretty", "--explicit-package-bases", *targets]
        return _problems("mypy", *_run(command, root))


def fix(root: Path) -> None:
    """Rewrites files as ruff and clang-format want them."""
    ruff = str(find_tool("ruff"))
    _run([ruff, "check", "--no-cache", "--quiet", "--fix", "."], root)
    _run([ruff, "format", "--no-cache", "--quiet", "."], root)
    names = cc_files(root)
    if names:
        _run([str(find_tool("clang-format")), "-i", *names], root)
