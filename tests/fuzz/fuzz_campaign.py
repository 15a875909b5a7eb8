"""Many programs: generated, evaluated, compiled on all cores, compared, counted."""

from __future__ import annotations

import collections
import dataclasses
import re
import sys
from collections.abc import Iterable

import fuzz_harness
from fuzz_backends import Backend, Cpu
from fuzz_generator import CELLS, generate
from fuzz_harness import IllegalProgramError, Prepared
from fuzz_minimize import minimize
from fuzz_program import SHAPES, Program
from fuzz_worker import Skipped

#: The fixed seeds of continuous integration: one program for each required cell, and some more
#: in place of those that are left out.
SLICE = range(len(CELLS) + 40)
#: Those that run on the simulator too: each operator with each type, on shapes in turn.
SIM_SLICE = [seed for seed in range(len(CELLS)) if seed % 3 == seed // 3 % 3]


@dataclasses.dataclass
class Report:
    """What a campaign found.

    Attributes:
        checked: programs that were compared.
        inexact: legal programs left out because float rounding depends on the order.
        illegal: (seed, message) of programs that the generator should not have made.
        failures: (program, message) of programs on which the back end is wrong.
        skipped: how many legal programs the back end refused, by its reason.
        hits: how many compared programs reached (operator, dtype, shape).
    """

    checked: int = 0
    inexact: int = 0
    illegal: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    failures: list[tuple[Program, str]] = dataclasses.field(default_factory=list)
    skipped: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    hits: collections.Counter[tuple[str, str, str]] = dataclasses.field(
        default_factory=collections.Counter
    )

    def missing(self) -> list[tuple[str, str, str]]:
        """The required cells that no compared program reached."""
        return [cell for cell in CELLS if self.hits[cell] == 0]

    def table(self) -> str:
        """Hits for each operator and dtype, one column for each shape class."""
        rows = sorted({(operator, dtype) for operator, dtype, _ in self.hits})
        lines = [f"{'operator':<16}{'dtype':<16}" + "".join(f"{s:>8}" for s in SHAPES)]
        for operator, dtype in rows:
            counts = "".join(f"{self.hits[operator, dtype, s]:>8}" for s in SHAPES)
            lines.append(f"{operator:<16}{dtype:<16}{counts}")
        return "\n".join(lines)

    def summary(self) -> str:
        """One line of totals, and one for each reason of skips."""
        total = (
            f"{self.checked} programs compared, {len(self.failures)} wrong, "
            f"{self.skipped.total()} skipped, {self.inexact} inexact, {len(self.illegal)} illegal"
        )
        skips = [f"    {count:4d} skipped: {why}" for why, count in self.skipped.most_common()]
        return "\n".join([total, *skips])


def prepare_seed(seed: int, report: Report) -> Prepared | None:
    """The evaluated program of a seed, or None if it cannot be compared."""
    try:
        prepared = fuzz_harness.prepare(generate(seed))
    except IllegalProgramError as error:
        report.illegal.append((seed, str(error)))
        return None
    if not prepared.exact:
        report.inexact += 1
        return None
    return prepared


def run(
    seeds: Iterable[int],
    backend: Backend | None = None,
    *,
    minimize_seconds: float = 60.0,
    max_failures: int = 3,
) -> Report:
    """Compares the programs of `seeds`; prints each failure as a program that can be run."""
    backend = backend or Cpu()
    report, pending = Report(), list(seeds)
    while pending and len(report.failures) < max_failures:
        batch, pending = pending[: backend.batch], pending[backend.batch :]
        prepared = [p for seed in batch if (p := prepare_seed(seed, report))]
        # Kernels run in forked processes, so this thread must be alone by then.
        for item, kernel in zip(prepared, backend.build(prepared), strict=True):
            if isinstance(kernel, Skipped):
                report.skipped[kernel.reason] += 1
            else:
                _count(item, backend.compare(item, kernel), report)
    for program, message in report.failures[:max_failures]:
        show_failure(program, message, backend, minimize_seconds)
    return report


def _count(item: Prepared, message: str, report: Report) -> None:
    report.checked += 1
    for operator, dtype in item.program.hits:
        for shape in item.program.shapes:
            report.hits[operator, dtype, shape] += 1
    if message:
        report.failures.append((item.program, message))


def check(prepared: Prepared, backend: Backend) -> str:
    """Compiles and runs a program; returns what is wrong, empty if nothing is."""
    kernel = backend.build([prepared])[0]
    return "" if isinstance(kernel, Skipped) else backend.compare(prepared, kernel)


def kind_of(message: str) -> str:
    """What sort of failure a message reports: an error's class, or a wrong result."""
    match = re.match(r"\w+Error|\w+ differs|the kernel \w+ \w+", message)
    text = match[0] if match else message
    return "differs" if text.endswith("differs") else text


def fails(program: Program, backend: Backend, kind: str = "") -> bool:
    """Whether a (perhaps cut) program is legal and the back end is wrong on it.

    Args:
        program: what to run.
        backend: where.
        kind: what `kind_of` says about the failure; any if it is empty.
    """
    try:
        prepared = fuzz_harness.prepare(program)
    except Exception:
        return False
    message = check(prepared, backend) if prepared.exact else ""
    return bool(message) and kind in ("", kind_of(message))


def show_failure(program: Program, message: str, backend: Backend, seconds: float) -> None:
    """Prints the smallest program that still fails in the same way."""
    kind = kind_of(message)
    small = program
    if seconds > 0:
        small = minimize(program, lambda p: fails(p, backend, kind), seconds)
    print(f"\n==== seed {program.seed}, {backend.name}: {message}", file=sys.stderr)
    print(small.runnable(), file=sys.stderr)
