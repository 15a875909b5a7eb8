"""Runs the checks: `./bazelw run //tools/lint`, with `-- --fix` to format first."""

from __future__ import annotations

import sys

from tools.lint import external, ir_access, layers, size, targets, text, tree

CHECKS = (
    size.check,
    layers.check,
    targets.check,
    ir_access.check,
    text.check,
    external.check_ruff,
    external.check_ruff_format,
    external.check_clang_format,
    external.check_mypy,
)


def main() -> None:
    """Prints the problems; the exit status is 1 if there are any."""
    root = tree.source_root()
    if "--fix" in sys.argv[1:]:
        external.fix(root)
    problems = [problem for check in CHECKS for problem in check(root)]
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
