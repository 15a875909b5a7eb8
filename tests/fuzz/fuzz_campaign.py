"""Many programs: generated, evaluated, compiled on all cores, compared, counted."""

from __future__ import annotations

import collections
import dataclasses
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import fuzz_harness
from fuzz_generator import CELLS, generate
from fuzz_harness import IllegalProgramError, Prepared
from fuzz_minimize import minimize
from fuzz_program import SHAPES, Program

#: The fixed seeds of continuous integration: one program for each required cell, and some more
#: in place of those that are left out.
SLICE = range(len(CELLS) + 40)

_BATCH = 32


@dataclasses.dataclass
class Report:
    """What a campaign found.

    Attributes:
        checked: programs that were compared.
        inexact: legal programs left out because float rounding depends on the order.
        illegal: (seed, message) of programs that the generator should not have made.
        failures: (program, message) of programs on which the CPU target is wrong.
        hits: how many compared programs reached (operator, dtype, shape).
    """

    checked: int = 0
    inexact: int = 0
    illegal: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    failures: list[tuple[Program, str]] = dataclasses.field(default_factory=list)
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
        """One line of totals."""
        return (
            f"{self.checked} programs compared, {len(self.failures)} wrong, "
            f"{self.inexact} inexact, {len(self.illegal)} illegal"
        )


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


def run(seeds: Iterable[int], *, minimize_seconds: float = 60.0, max_failures: int = 3) -> Report:
    """Compares the programs of `seeds`; prints each failure as a program that can be run."""
    report, pending = Report(), list(seeds)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        while pending and len(report.failures) < max_failures:
            batch, pending = pending[:_BATCH], pending[_BATCH:]
            prepared = [p for seed in batch if (p := prepare_seed(seed, report))]
            kernels = list(pool.map(fuzz_harness.build, prepared))
            # Kernels run in forked processes, so this thread must be alone.
            for item, kernel in zip(prepared, kernels, strict=True):
                _count(item, fuzz_harness.compare(item, kernel), report)
    for program, message in report.failures[:max_failures]:
        show_failure(program, message, minimize_seconds)
    return report


def _count(item: Prepared, message: str, report: Report) -> None:
    report.checked += 1
    for operator, dtype in item.program.hits:
        for shape in item.program.shapes:
            report.hits[operator, dtype, shape] += 1
    if message:
        report.failures.append((item.program, message))


def fails(program: Program, plant_bug: str = "") -> bool:
    """Whether a (perhaps cut) program is legal and the CPU target is wrong on it."""
    try:
        prepared = fuzz_harness.prepare(program)
    except Exception:
        return False
    return prepared.exact and bool(fuzz_harness.check(prepared, plant_bug))


def show_failure(program: Program, message: str, seconds: float) -> None:
    """Prints the smallest program that still fails."""
    small = minimize(program, fails, seconds) if seconds > 0 else program
    print(f"\n==== seed {program.seed}: {message}", file=sys.stderr)
    print(small.runnable(), file=sys.stderr)
