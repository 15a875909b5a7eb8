"""What the simulator found, as errors at the user's source lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from tilescale import errors
from tilescale.errors import Span
from tilescale.sim.report import Event, Report, Site

# Kind of a finding -> class, and what the kernel did.
_KINDS: dict[str, tuple[type[errors.TileScaleError], str]] = {
    "race": (errors.RaceError, "has a race"),
    "out_of_bounds": (errors.OutOfBoundsError, "touches memory outside of its tensors"),
    "read_only": (errors.ReadOnlyAccessError, "writes to a tensor that it only reads"),
    "misaligned": (errors.MisalignedAccessError, "has a misaligned access"),
    "uninitialized": (errors.UninitializedReadError, "reads what was never written"),
    "deadlock": (errors.DeadlockError, "does not end"),
    "endless_loop": (errors.DeadlockError, "loops without end"),
    "time_limit": (errors.DeadlockError, "does not end in time"),
    "divergent_barrier": (errors.DivergenceError, "passes a barrier in different places"),
    "divergent_collective": (
        errors.DivergenceError,
        "has a warp with lanes missing",
    ),
    "bad_barrier": (errors.DivergenceError, "waits at a barrier with a wrong count"),
    "unsupported_instruction": (
        errors.UnsupportedInstructionError,
        "uses an instruction that the architecture lacks",
    ),
}
_REMEDIES = {
    "race": "order the accesses with a barrier, or use atomic operations",
    "uninitialized": "fill the buffer first, for example with T.clear",
    "deadlock": "let every thread reach the barrier, and let somebody change what others wait for",
    "divergent_barrier": "move the barrier out of the branch",
}
_SHOWN_SITES = 8


class SourceMap:
    """Where the user wrote what runs at a place of the generated text.

    Args:
        files: gives the paths of the user's files; asked only when something was found.
    """

    def __init__(self, files: Callable[[], set[str]]) -> None:
        self._files = files

    def find(self, site: Site) -> Span | None:
        """Returns the user's line behind `site`, if it is known."""
        name, _, line = site.origin.rpartition(":")
        if not line.isdigit():
            return None
        path = next((path for path in sorted(self._files()) if Path(path).name == name), name)
        return Span(path, int(line))


def raise_findings(report: Report, signature: Mapping[str, Any], source_map: SourceMap) -> None:
    """Raises the error of the first finding, if there is any.

    The error has the whole report as its attribute `report`.
    """
    if report.events:
        _raise(report, signature, source_map)


def _raise(report: Report, signature: Mapping[str, Any], source_map: SourceMap) -> NoReturn:
    event = report.events[0]
    name = signature["name"]
    span = next(filter(None, map(source_map.find, event.sites)), None)
    if event.kind == "assertion":
        error: errors.TileScaleError = errors.KernelAssertionError(
            f"device_assert failed in kernel `{name}`: {event.message}", span=span
        )
    else:
        cls, complaint = _KINDS.get(event.kind, (errors.ExecutionError, event.kind))
        error = cls(
            f"kernel `{name}` {complaint}: {event.message}",
            got=_sites_text(event, len(report.events) - 1 + report.dropped),
            remedy=_REMEDIES.get(event.kind),
            span=span,
        )
    error.__dict__["report"] = report
    raise error


def _sites_text(event: Event, others: int) -> str:
    lines = [str(site) for site in event.sites[:_SHOWN_SITES]]
    if len(event.sites) > _SHOWN_SITES:
        lines.append(f"{len(event.sites) - _SHOWN_SITES} more places")
    if others:
        lines.append(f"and {others} more findings")
    return "\n    ".join(lines) or "see the message"
