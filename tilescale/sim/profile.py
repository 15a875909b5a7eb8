"""What a simulated launch counted, by line of the kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

_SUMS = ("requests", "bytes", "sectors", "wavefronts", "ideal")
Find = Callable[[int], tuple[str, int, str]]


@dataclasses.dataclass(frozen=True)
class Traffic:
    """Accesses of one kind at one line.

    Attributes:
        file: file of the text.
        line: its line.
        origin: the line of the user's kernel, as "gemm.py:12", or "".
        space: "shared" or "global".
        writes: whether they are writes.
        requests: instructions of a warp.
        bytes: that the lanes asked for.
        sectors: of global memory: pieces of 32 bytes, each counted once for each request.
        wavefronts: of shared memory: what the requests cost.
        ideal: of shared memory: what they would cost without conflicts.
        worst: of shared memory: wavefronts of the worst phase: an n-way conflict.
    """

    file: str
    line: int
    origin: str
    space: str
    writes: bool
    requests: int
    bytes: int
    sectors: int
    wavefronts: int
    ideal: int
    worst: int

    @property
    def conflicts(self) -> int:
        """Wavefronts beyond the ideal."""
        return self.wavefronts - self.ideal

    @property
    def sectors_per_request(self) -> float:
        """Sectors that one request touches on average."""
        return self.sectors / self.requests


@dataclasses.dataclass(frozen=True)
class Tally:
    """How often the warps did something at one line.

    Attributes:
        file: file of the text.
        line: its line.
        origin: the line of the user's kernel, as "gemm.py:12", or "".
        what: "barrier", "mma m16n8k16 f32 f16 f16", "ldmatrix", "cp_async_commit", ...
        count: how often.
    """

    file: str
    line: int
    origin: str
    what: str
    count: int


@dataclasses.dataclass(frozen=True)
class Profile:
    """All counters of a launch; `str()` gives a table.

    Attributes:
        traffic: accesses by line.
        tallies: instructions of warps by line.
    """

    traffic: tuple[Traffic, ...]
    tallies: tuple[Tally, ...]

    def total(self, field: str, space: str) -> int:
        """Returns the sum of a field of `Traffic` over the accesses to "shared" or "global"."""
        return sum(getattr(row, field) for row in self.traffic if row.space == space)

    def count(self, what: str) -> int:
        """Returns how often the warps did what starts with `what`."""
        return sum(row.count for row in self.tallies if row.what.startswith(what))

    def __str__(self) -> str:
        lines = ["line            access        requests      bytes  sect/req  conflicts  worst"]
        for row in self.traffic:
            access = f"{row.space} {'write' if row.writes else 'read'}"
            shared = row.space == "shared"
            per_request = "" if shared else f"{row.sectors_per_request:.1f}"
            conflicts, worst = (str(row.conflicts), str(row.worst)) if shared else ("", "")
            lines.append(
                f"{_place(row):<15} {access:<13} {row.requests:>8} {row.bytes:>10}"
                f" {per_request:>9} {conflicts:>10} {worst:>6}"
            )
        for tally in self.tallies:
            lines.append(f"{_place(tally):<15} {tally.what}: {tally.count}")
        shared_total, ideal = self.total("wavefronts", "shared"), self.total("ideal", "shared")
        lines.append(
            f"kernel: {self.total('bytes', 'global')} bytes of global memory in"
            f" {self.total('sectors', 'global')} sectors; {shared_total} wavefronts of shared"
            f" memory, {shared_total - ideal} of them conflicts; {self.count('mma')} mma"
        )
        return "\n".join(lines)


def _place(row: Traffic | Tally) -> str:
    return row.origin or (f"{row.file}:{row.line}" if row.line else "?")


def offsets(raw: dict[str, Any]) -> set[int]:
    """Returns the offsets in the kernel's library of which the counters speak."""
    return {row["pc"] for rows in raw.values() for row in rows}


def profile(raw: dict[str, Any], find: Find) -> Profile:
    """Makes the profile of the simulator's counters; `find` gives the place of an offset."""
    sums: dict[Any, dict[str, int]] = {}
    for row in raw["accesses"]:
        space = "shared" if row["shared"] else "global"
        entry = sums.setdefault(
            (find(row["pc"]), space, bool(row["writes"])), dict.fromkeys(_SUMS, 0)
        )
        for name in _SUMS:
            entry[name] += row[name]
        entry["worst"] = max(entry.get("worst", 0), row["worst"])
    counts: dict[Any, int] = {}
    for row in raw["tallies"]:
        key = find(row["pc"]), row["what"]
        counts[key] = counts.get(key, 0) + row["count"]
    accesses = []
    for ((file, line, origin), space, writes), entry in sorted(sums.items()):
        accesses.append(Traffic(file, line, origin, space, writes, **entry))
    tallies = []
    for ((file, line, origin), what), count in sorted(counts.items()):
        tallies.append(Tally(file, line, origin, what, count))
    return Profile(tuple(accesses), tuple(tallies))
