"""Removes each synchronisation of a kernel in turn, and looks whether the simulator notices.

What is not noticed is either superfluous or a gap of the simulator or of the arguments: the table
says which.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tilescale.errors import InternalError, TileScaleError
from tilescale.sim import kernel, run_options
from tilescale.sim.report import Event, Report, origins

# Statements that synchronise, and what weakens those that stand in expressions.
_STATEMENT = re.compile(
    r"(?:\w+::)*(?:sync_block|sync_warp|sync_grid|grid_barrier|bar_sync|bar_arrive"
    r"|cp_async_commit|cp_async_wait|fence_\w+)(?:<[^;()]*>)?\([^;]*?\)\s*;"
)
_WAIT = re.compile(r"cp_async_wait<(\d+)>")
_ORDER = re.compile(r"Order::k(?:Acquire|Release|AcqRel)\b")
_SCOPE = re.compile(r"Scope::k(?:Gpu|Sys)\b")
_VOTE = re.compile(r"(?:\w+::)*sync_block_(count|and|or)\(")
# What else than barriers and waits orders accesses: with it the order differs between runs.
_FLAGS = re.compile(r"\batomic_\w+\s*[<(]")

Runner = Callable[..., Report]


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A text with one synchronisation less.

    Attributes:
        text: the text.
        line: line of the change.
        origin: the line of the user's kernel, as "gemm.py:12", or "".
        what: what was changed.
    """

    text: str
    line: int
    origin: str
    what: str


@dataclasses.dataclass(frozen=True)
class Row:
    """What became of one mutant.

    Attributes:
        line: line of the change in the text.
        origin: the line of the user's kernel, as "gemm.py:12", or "".
        what: what was changed.
        verdict: "reported", "harmless" (proved for these arguments) or "not reported".
        detail: the first finding, or why there is none.
        runs: how many runs it took.
    """

    line: int
    origin: str
    what: str
    verdict: str
    detail: str
    runs: int


@dataclasses.dataclass(frozen=True)
class Table:
    """All mutants of a kernel.

    Attributes:
        baseline: findings of the kernel itself; there should be none.
        rows: one for each mutant.
    """

    baseline: tuple[str, ...]
    rows: tuple[Row, ...]

    def count(self, verdict: str) -> int:
        """Returns how many mutants have the verdict."""
        return sum(row.verdict == verdict for row in self.rows)

    def __str__(self) -> str:
        """Returns a table in Markdown."""
        lines = [f"unmutated: {finding}" for finding in self.baseline]
        lines += ["| line | kernel | change | verdict | detail |", "|---|---|---|---|---|"]
        for row in self.rows:
            cells = (str(row.line), row.origin or "-", f"`{row.what}`", row.verdict, row.detail)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        names = ("reported", "harmless", "not reported")
        counts = ", ".join(f"{self.count(name)} {name}" for name in names)
        return "\n".join([*lines, "", f"{len(self.rows)} changes: {counts}"])


def _is_code(text: str, at: int) -> bool:
    start = text.rfind("\n", 0, at) + 1
    return "//" not in text[start:at] and not text[start:at].lstrip().startswith("#")


def _changes(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yields start, end, new text and description of each change."""
    for match in _STATEMENT.finditer(text):
        what = " ".join(match.group().split())
        yield match.start(), match.end(), ";", f"remove {what}"
    for match in _WAIT.finditer(text):
        allowed = int(match.group(1)) + 1
        new = f"cp_async_wait<{allowed}>"
        yield match.start(), match.end(), new, f"{match.group()} -> <{allowed}>"
    for match in _VOTE.finditer(text):
        # The caller's own vote, without the others.
        new = {"count": "uint32_t(", "and": "bool(", "or": "bool("}[match.group(1)]
        yield match.start(), match.end(), new, f"remove the barrier of {match.group()[:-1]}"
    for match in _ORDER.finditer(text):
        yield match.start(), match.end(), "Order::kRelaxed", f"{match.group()} -> kRelaxed"
    for match in _SCOPE.finditer(text):
        yield match.start(), match.end(), "Scope::kCta", f"{match.group()} -> kCta"


def mutants(text: str) -> list[Mutant]:
    """Returns all texts with one synchronisation removed or weakened, in the order of the text."""
    places = origins(text)
    found = []
    for start, end, new, what in sorted(_changes(text)):
        if not _is_code(text, start):
            continue
        line = text.count("\n", 0, start)
        # The line count stays, so that findings name the lines of the text itself.
        new += "\n" * text.count("\n", start, end)
        found.append(Mutant(text[:start] + new + text[end:], line + 1, places[line], what))
    return found


def _brief(event: Event) -> str:
    return f"{event.kind}: " + "; ".join(
        f"{site.origin or f'line {site.line}'} {site.what}" for site in event.sites
    )


def _judge(
    mutant: Mutant, run: Runner, choices: Sequence[dict[str, object]], wanted: set[str], exact: bool
) -> Row:
    def row(verdict: str, detail: str, runs: int) -> Row:
        return Row(mutant.line, mutant.origin, mutant.what, verdict, detail, runs)

    for number, options in enumerate(choices, 1):
        report = run(mutant.text, **options)
        if report.events:
            return row("reported", _brief(report.events[0]), number)
        if report.digest not in wanted:
            return row("not reported", "the results differ, and no run had a finding", number)
    if exact:
        reason = "barriers and waits order the rest, and no two accesses conflict without it"
        return row("harmless", reason, len(choices))
    return row("not reported", "no run had a finding; flags order the kernel", len(choices))


def mutate(
    text: str,
    run: Runner,
    *,
    seeds: Sequence[int] = (0, 1),
    policies: Sequence[str] = ("round_robin", "adversarial", "random"),
    async_policies: Sequence[str] = ("late", "eager", "random"),
) -> Table:
    """Runs a kernel with each of its synchronisations removed or weakened in turn.

    A kernel that only barriers and waits order has the same order in every run; so if one run of it
    has no race, none has, for these arguments: then a change that no run reports is harmless.

    Args:
        text: CUDA text of the kernel.
        run: called as `run(text, seed=..., policy=..., async_policy=...)`; makes the same
            arguments anew, calls `tilescale.sim.launch` with all checks, and returns its report.
        seeds: of each policy.
        policies: of the scheduler.
        async_policies: of asynchronous copies.

    Returns:
        One row for each change.
    """
    choices: list[dict[str, object]] = [
        {"seed": seed, "policy": policy, "async_policy": async_policy}
        for seed in seeds
        for policy in policies
        for async_policy in async_policies
        if seed == seeds[0] or "random" in (policy, async_policy) or policy == "adversarial"
    ]
    if not re.search(r"cp_async|tma|bulk", text):  # nothing is asynchronous
        choices = [c for c in choices if c["async_policy"] == async_policies[0]]
    baseline = [run(text, **options) for options in choices]
    findings = tuple(dict.fromkeys(_brief(event) for report in baseline for event in report.events))
    wanted = {report.digest for report in baseline}
    exact = len(wanted) == 1 and not findings and not _FLAGS.search(text)
    rows = [_judge(mutant, run, choices, wanted, exact) for mutant in mutants(text)]
    return Table(findings, tuple(rows))


def mutate_calls(program: Callable[[], object], **options: Any) -> dict[str, Table]:
    """Mutates each kernel that a program launches on the simulator, with the program's arguments.

    Args:
        program: called once; of several launches of one kernel the first one counts.
        **options: of `mutate`.

    Returns:
        The table of each kernel, by its name.
    """
    tables: dict[str, Table] = {}
    busy = False

    def observer(
        launch: kernel.SimulatedLaunch,
        slots: bytes,
        tensors: Sequence[tuple[int, int, int]],
        grid: Any,
    ) -> None:
        nonlocal busy
        name = launch.text.kernel
        if busy or name in tables:
            return
        busy = True
        before = [ctypes.string_at(address, size) for _, address, size in tensors]

        def restore() -> None:
            for (_, address, _), data in zip(tensors, before, strict=True):
                ctypes.memmove(address, data, len(data))

        def run(text: str, **choice: Any) -> Report:
            restore()
            mutant = launch.with_source(text)
            with run_options.options(**choice), contextlib.suppress(TileScaleError):
                mutant(slots, tensors, grid)
            if mutant.last_report is None:
                raise InternalError(f"a mutant of {name} did not run")
            return mutant.last_report

        try:
            tables[name] = mutate(launch.text.source, run, **options)
        finally:
            restore()
            busy = False

    with kernel.observe(observer):
        program()
    return tables
