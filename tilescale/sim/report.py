"""What a simulated launch found."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tilescale.errors import ExecutionError

_LOCATION = re.compile(r"(.*):(\d+)(?: \(discriminator \d+\))?$")


@dataclasses.dataclass(frozen=True)
class Site:
    """A place in the kernel where a thread was.

    Attributes:
        file: source file, as `#line` gives it; "" if unknown.
        line: source line, 0 if unknown.
        block: number of the block in the grid.
        thread: number of the thread in the block.
        what: what it did there.
    """

    file: str
    line: int
    block: int
    thread: int
    what: str

    def __str__(self) -> str:
        where = f"{Path(self.file).name}:{self.line}" if self.line else "?"
        return f"{where}: block {self.block}, thread {self.thread}: {self.what}"


@dataclasses.dataclass(frozen=True)
class Event:
    """One finding.

    Attributes:
        kind: race, out_of_bounds, uninitialized, deadlock, divergent_barrier, ...
        message: what happened.
        sites: where; of a race, the later access first.
    """

    kind: str
    message: str
    sites: tuple[Site, ...]

    def __str__(self) -> str:
        return "\n  ".join([f"{self.kind}: {self.message}", *map(str, self.sites)])


@dataclasses.dataclass(frozen=True)
class Report:
    """All that one launch did.

    Attributes:
        events: the findings; empty if the kernel is fine as far as this run shows.
        dropped: number of findings beyond the first hundred.
        printed: what the kernel printed.
        counters: accesses, switches, barriers, mma, async_copies.
        build_seconds: time of the host compiler, about 0 if it was cached.
        run_seconds: time of the simulated launch.
    """

    events: tuple[Event, ...]
    dropped: int
    printed: str
    counters: dict[str, int]
    build_seconds: float
    run_seconds: float

    def kinds(self) -> set[str]:
        """Returns the kinds of the findings."""
        return {event.kind for event in self.events}

    def check(self) -> None:
        """Raises ExecutionError if there is any finding."""
        if self.events:
            raise ExecutionError("\n".join(map(str, self.events)))


def _places(library: Path, offsets: list[int]) -> dict[int, tuple[str, int]]:
    """Returns the innermost place outside of our headers for each offset in `library`."""
    tool = shutil.which("addr2line")
    if tool is None or not offsets:
        return {}
    # A return address is behind its call.
    addresses = [hex(offset - 1) for offset in offsets]
    command = [tool, "-a", "-i", "-e", str(library), *addresses]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    frames: list[list[tuple[str, int]]] = []
    for line in output.splitlines():
        if line.startswith("0x"):
            frames.append([])
        elif (match := _LOCATION.match(line)) and match.group(1) != "??":
            frames[-1].append((match.group(1), int(match.group(2))))
    ours = f"{library.parent / 'tilescale'}/"
    found = {}
    for offset, chain in zip(offsets, frames, strict=True):
        inner = next((place for place in chain if not place[0].startswith(ours)), ("", 0))
        found[offset] = (inner[0].removeprefix(f"{library.parent}/"), inner[1])
    return found


def _event(raw: dict[str, Any], places: dict[int, tuple[str, int]]) -> Event:
    sites = tuple(
        Site(*places.get(site["pc"], ("", 0)), site["block"], site["thread"], site["what"])
        for site in raw["sites"]
    )
    return Event(raw["kind"], raw["message"], sites)


def _is_real(event: Event) -> bool:
    """The compiler may copy code: a barrier on one line is one barrier."""
    return event.kind != "divergent_barrier" or len({(s.file, s.line) for s in event.sites}) > 1


def decode(text: str, library: Path, build_seconds: float, run_seconds: float) -> Report:
    """Makes a report of the simulator's JSON; `library` has the debug information."""
    raw = json.loads(text)
    offsets = sorted({site["pc"] for event in raw["events"] for site in event["sites"]} - {0})
    places = _places(library, offsets)
    events = [_event(event, places) for event in raw["events"]]
    return Report(
        tuple(event for event in events if _is_real(event)),
        raw["dropped"],
        raw["printed"],
        raw["counters"],
        build_seconds,
        run_seconds,
    )
