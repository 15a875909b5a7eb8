"""How the benchmarks measure and report.

Two functions are compared by running them alternately, so that a change of the machine's clock or
load meets both; the ratio is that of the medians of one run.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of a benchmark's table.

    Attributes:
        name: what was measured.
        ours: median seconds of TileScale.
        baseline: median seconds of the baseline, or None if the goal is an absolute time.
        goal: least ratio baseline / ours, or largest seconds of ours where there is no baseline.
        extra: more figures, such as GFLOP/s.
    """

    name: str
    ours: float
    baseline: float | None
    goal: float
    extra: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Speed relative to the baseline: 1 is as fast, more is faster."""
        return None if self.baseline is None else self.baseline / self.ours

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.ours <= self.goal if self.ratio is None else self.ratio >= self.goal


def interleave(
    ours: Callable[[], object],
    baseline: Callable[[], object],
    rounds: int = 31,
    inner: int = 1,
) -> tuple[float, float, float]:
    """Returns the median seconds of one call of each, and the ratio of the shortest times.

    They are measured in turns after one warm-up. On a busy machine the medians tell how both share
    it, and the shortest times what they do undisturbed.

    Args:
        ours: the first function.
        baseline: the second.
        rounds: how often both are measured.
        inner: calls per measurement, for functions that take microseconds.
    """
    ours(), baseline()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, samples in zip((ours, baseline), times, strict=True):
            start = time.perf_counter()
            for _ in range(inner):
                function()
            samples.append((time.perf_counter() - start) / inner)
    best = min(times[1]) / min(times[0])
    return statistics.median(times[0]), statistics.median(times[1]), best


def run_with_threads(threads: int, arguments: Sequence[str]) -> str:
    """Runs this script again with a fixed number of threads on both sides; returns its output.

    The BLAS of NumPy reads its number of threads when it is loaded, so it takes a new process.
    """
    environment = dict(os.environ)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = str(threads)
    environment["TILESCALE_NUM_THREADS"] = str(threads)
    command = [sys.executable, sys.argv[0], *arguments]
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=True
    ).stdout.decode()


def report(title: str, rows: Sequence[Row]) -> None:
    """Prints the rows as a table, then as one line of JSON."""
    print(f"{title} ({_machine()})")
    print(
        f"| {'case':<34} | {'ours':>11} | {'baseline':>11} | {'ratio':>6} | {'goal':>9} | reached |"
    )
    print(f"|{'-' * 36}|{'-' * 13}|{'-' * 13}|{'-' * 8}|{'-' * 11}|---------|")
    for row in rows:
        baseline = "" if row.baseline is None else _seconds(row.baseline)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        goal = f"<= {_seconds(row.goal)}" if row.ratio is None else f">= {row.goal:g}"
        extra = "".join(f"  {name}: {value:.4g}" for name, value in row.extra.items())
        print(
            f"| {row.name:<34} | {_seconds(row.ours):>11} | {baseline:>11} | {ratio:>6} |"
            f" {goal:>9} | {'yes' if row.reached else 'NO':<7} |{extra}"
        )
    print(
        json.dumps({"benchmark": title, "machine": _machine(), "rows": [_record(r) for r in rows]})
    )


def _record(row: Row) -> dict[str, object]:
    return {**dataclasses.asdict(row), "ratio": row.ratio, "reached": row.reached}


def _seconds(value: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    except OSError:
        pass  # Not Linux.
    return f"{model}, {len(os.sched_getaffinity(0))} cores"
