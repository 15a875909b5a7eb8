"""Every test and every example belongs to a Bazel target, so that none is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

from tools.lint.tree import Problem, apply_allow_list, files, relative

CHECK = "targets"
_TEST = re.compile(r"(?:test_\w+|\w+_test)\.py")


def _names(build_file: Path) -> str:
    return build_file.read_text() if build_file.exists() else ""


def check(root: Path) -> list[Problem]:
    """Returns the tests and examples that the BUILD file beside them doesn't name."""
    problems = []
    for folder in ("tests", "examples"):
        for path in files(root, (".py",), folder):
            if folder == "tests" and not _TEST.fullmatch(path.name):
                continue
            # Lists of targets often leave the suffix out.
            named = re.search(
                rf'"{path.stem}(?:\.py)?"|glob\(\["(?:test_\*|\*_test|\*)\.py"\]',
                _names(path.with_name("BUILD.bazel")),
            )
            if not named:
                what = f"no target in the BUILD.bazel beside it names {path.name}"
                problems.append(Problem(CHECK, relative(root, path), 0, what))
    return apply_allow_list(root, CHECK, problems)
