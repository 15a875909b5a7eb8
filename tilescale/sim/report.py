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
from tilescale.sim import profile as _profile
from tilescale.sim import timeline as _timeline
from tilescale.sim.build import FOLDER
from tilescale.sim.profile import Profile
from tilescale.sim.timeline import Timeline

# The text of a generated kernel says above its lines where in the user's program they come from.
_ORIGIN = re.compile(r"^\s*// (\S+:\d+|\S.*\.\w+:\d+)$")
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
        origin: the line of the user's kernel that this one was made from, as "gemm.py:12"; "" if
            the text does not say.
    """

    file: str
    line: int
    block: int
    thread: int
    what: str
    origin: str = ""

    def __str__(self) -> str:
        where = f"{Path(self.file).name}:{self.line}" if self.line else "?"
        if self.origin:
            where = f"{self.origin} ({where})"
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
        digest: a hash of the arguments' bytes after the launch; "" if it was not asked for.
        profile: what `counters=True` counted.
        timeline: what `timeline=True` recorded.
    """

    events: tuple[Event, ...]
    dropped: int
    printed: str
    counters: dict[str, int]
    build_seconds: float
    run_seconds: float
    digest: str = ""
    profile: Profile | None = None
    timeline: Timeline | None = None

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
    if len(frames) != len(offsets):
        return {}  # The library is gone: somebody has cleared the cache.
    ours = f"{FOLDER}/tilescale/"
    found = {}
    for offset, chain in zip(offsets, frames, strict=True):
        inner = next((place for place in chain if not place[0].startswith(ours)), ("", 0))
        found[offset] = (inner[0].removeprefix(f"{FOLDER}/"), inner[1])
    return found


def origins(text: str) -> list[str]:
    """Returns for each line of a generated text the user's line it comes from, or ""."""
    found, current = [], ""
    for line in text.split("\n"):
        match = _ORIGIN.match(line)
        if match:
            current = match.group(1)
        elif line.startswith("}"):
            current = ""
        found.append(current)
    return found


class Places:
    """Lines of the text, and of the user's program, behind offsets in a kernel's library."""

    def __init__(self, library: Path, offsets: list[int]) -> None:
        self._places = _places(library, offsets)
        self._folder = library.parent
        self._origins: dict[str, list[str]] = {}

    def find(self, offset: int) -> tuple[str, int, str]:
        """Returns file, line and origin; "", 0, "" if they are unknown."""
        file, line = self._places.get(offset, ("", 0))
        if file not in self._origins:
            path = self._folder / file
            inside = bool(file) and not Path(file).is_absolute() and path.is_file()
            self._origins[file] = origins(path.read_text()) if inside else []
        known = self._origins[file]
        return file, line, known[line - 1] if 0 < line <= len(known) else ""


def _event(raw: dict[str, Any], places: Places) -> Event:
    sites = []
    for site in raw["sites"]:
        file, line, origin = places.find(site["pc"])
        sites.append(Site(file, line, site["block"], site["thread"], site["what"], origin))
    return Event(raw["kind"], raw["message"], tuple(sites))


def _is_real(event: Event) -> bool:
    """The compiler may copy code: a barrier on one line is one barrier."""
    return event.kind != "divergent_barrier" or len({(s.file, s.line) for s in event.sites}) > 1


def decode(text: str, library: Path, build_seconds: float, run_seconds: float) -> Report:
    """Makes a report of the simulator's JSON; `library` has the debug information."""
    raw = json.loads(text)
    offsets = {site["pc"] for event in raw["events"] for site in event["sites"]}
    traffic, timeline = raw.get("traffic"), raw.get("timeline")
    offsets |= _profile.offsets(traffic) if traffic else set()
    offsets |= _timeline.offsets(timeline) if timeline else set()
    places = Places(library, sorted(offsets - {0}))
    events = [_event(event, places) for event in raw["events"]]
    return Report(
        tuple(event for event in events if _is_real(event)),
        raw["dropped"],
        raw["printed"],
        raw["counters"],
        build_seconds,
        run_seconds,
        profile=_profile.profile(traffic, places.find) if traffic else None,
        timeline=Timeline(timeline, places.find) if timeline else None,
    )
