"""clang-tidy on one C++ source, with the packages' headers that are on the import path."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from tools.lint.external import find_tool
from tools.lint.tree import Problem, files, relative

CHECK = "clang-tidy"
_HEADERS = ("tvm_ffi/include", "tvm_ffi/3rdparty/dlpack/include", "z3/include")


def sources(root: Path) -> list[str]:
    """Returns the C++ sources of the tree."""
    return [relative(root, path) for path in files(root, (".cc",), "cc")]


def compiler_options() -> list[str]:
    """Returns what the sources are compiled with."""
    folders = [Path(folder) / name for folder in sys.path for name in _HEADERS]
    python = Path(sysconfig.get_paths()["include"])
    headers = [str(folder) for folder in [*folders, python] if folder.is_dir()]
    return ["-std=c++17", "-I.", *(word for header in headers for word in ("-isystem", header))]


def check_file(root: Path, name: str) -> list[Problem]:
    """Returns what clang-tidy reports for the source `name`, a path from `root`."""
    command = [str(find_tool("clang-tidy")), "--quiet", name, "--", *compiler_options()]
    done = subprocess.run(command, cwd=root, text=True, capture_output=True)
    problems = []
    for line in done.stdout.splitlines():
        where, found, text = line.partition(": error: ")
        if found:
            path, number, _ = where.rsplit(":", 2)
            path = str(Path(path).relative_to(root)) if Path(path).is_absolute() else path
            problems.append(Problem(CHECK, path, int(number), text))
    if done.returncode and not problems:
        problems.append(Problem(CHECK, name, 0, (done.stdout + done.stderr).strip()[-2000:]))
    return problems
