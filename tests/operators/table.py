"""Prints the tests that run each operator: `python -m tests.operators.table`.

The table is kept in benchmarks/results/operators.md.
"""

from __future__ import annotations

import tilescale.language as T
from tests.operators.cases import EVERYWHERE, case_on
from tests.operators.exceptions import is_operator, reason


def row(name: str) -> str:
    """Returns an operator's row: where it runs, and the first test that runs it there."""
    cells, tests = [], []
    for back_end in EVERYWHERE:
        test = None if reason(name, back_end) else case_on(name, back_end)
        cells.append("yes" if test else "-")
        tests += [test] if test and test not in tests else []
    reasons = sorted({why for back_end in EVERYWHERE if (why := reason(name, back_end))})
    return f"| `{name}` | {' | '.join(cells)} | {'<br>'.join(tests)} | {'; '.join(reasons)} |"


def main() -> None:
    """Prints the table."""
    names = sorted(name for name in T.__all__ if is_operator(name))
    print(f"# {len(names)} operators of the language and the back ends that tests run them on\n")
    print(
        "Made by `python -m tests.operators.table`; `//tests/operators` requires that no place is"
    )
    print("missing without a reason. Bazel's `*_sim` targets run the tests on the simulator, and")
    print("the GPU pack on hardware.\n")
    print(f"| operator | {' | '.join(EVERYWHERE)} | tests | where not, and why |")
    print("|---" * (len(EVERYWHERE) + 3) + "|")
    for name in names:
        print(row(name))


if __name__ == "__main__":
    main()
