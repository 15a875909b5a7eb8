"""Includes point downwards only, are rooted at the repository, and headers have their guard."""

from __future__ import annotations

import re
from pathlib import Path

from tools.lint.tree import Problem, apply_allow_list, files, relative

CHECK = "layers"
ORDER = ("machine", "support", "ir", "arith", "layout", "op", "lower", "pass", "codegen", "ffi")
# Each of these stands alone: it includes itself and what is named here.
ALONE: dict[str, tuple[str, ...]] = {"runtime": (), "device": (), "sim": ("device", "machine")}
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def allowed(layer: str) -> set[str]:
    """Returns the layers whose headers `layer` may include."""
    if layer in ALONE:
        return {layer, *ALONE[layer]}
    below = set(ORDER[: ORDER.index(layer) + 1])
    return below | {"runtime"} if layer == "ffi" else below


def check_file(name: str, text: str) -> list[Problem]:
    """Returns the problems of the C++ file `name`, whose path is cc/<layer>/..."""
    layer = name.split("/")[1]
    if layer not in ORDER and layer not in ALONE:
        return [Problem(CHECK, name, 0, f"cc/{layer} is not a layer: see tools/lint/layers.py")]
    problems = []
    for match in _INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(1)) + 1
        parts = match.group(1).split("/")
        if parts[0] != "cc" or len(parts) < 3:
            what = f'"{match.group(1)}": quoted includes start at the root: "cc/<layer>/..."'
            problems.append(Problem(CHECK, name, line, what))
        elif parts[1] not in allowed(layer):
            what = f"{layer} must not include {match.group(1)}: dependencies point downwards"
            problems.append(Problem(CHECK, name, line, what))
    guard = "TILESCALE_" + re.sub(r"\W", "_", name).upper() + "_"
    if name.endswith(".h") and f"#ifndef {guard}\n#define {guard}\n" not in text:
        problems.append(Problem(CHECK, name, 0, f"the include guard is not {guard}"))
    return problems


def check(root: Path) -> list[Problem]:
    """Returns the includes that point upwards, and wrong guards."""
    problems = []
    for path in files(root, (".cc", ".h"), "cc"):
        problems += check_file(relative(root, path), path.read_text())
    return apply_allow_list(root, CHECK, problems)
