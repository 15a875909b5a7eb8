"""One entry of the port registry, and the words in which the tables are written."""

from __future__ import annotations

import dataclasses
import enum


class Status(enum.Enum):
    """What becomes of a name in a ported kernel."""

    WORKS = "works"
    LATER = "comes later"
    REJECTED = "rejected"


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a TileLang user finds under one name.

    Attributes:
        scope: where the name lives: `T` for `tilescale.language`, else a dotted module, class or
            kind such as `tilescale`, `tilescale.jit.JITKernel`, `pass config`, `environment`.
        name: the name without its scope.
        status: what becomes of it.
        targets: the targets on which it works, of `cpu` and `cuda`; empty unless it works.
        note: for a name that works, how it differs; else why it does not.
        use: what to write instead, or an empty text.
    """

    scope: str
    name: str
    status: Status
    targets: tuple[str, ...] = ()
    note: str = ""
    use: str = ""

    @property
    def full_name(self) -> str:
        """The name as users write it: `T.copy`, `tilescale.compile`, `tl.enable_fast_math`."""
        return self.name if " " in self.scope or not self.scope else f"{self.scope}.{self.name}"

    def describe(self) -> str:
        """Returns the status as one sentence of the documentation."""
        if self.status is Status.WORKS:
            head = f"works on {', '.join(self.targets)}"
        elif self.status is Status.REJECTED:
            head = f"rejected, because {self.note}"
        else:
            head = f"comes later: {self.note}"
        note = self.note if self.status is Status.WORKS else ""
        tail = f"use {self.use}" if self.use else ""
        return "; ".join(part for part in (head, note, tail) if part)


@dataclasses.dataclass(frozen=True)
class Section:
    """A group of entries of one scope, under one heading of the documentation."""

    title: str
    scope: str
    groups: tuple[tuple[Entry, ...], ...]

    def entries(self) -> tuple[Entry, ...]:
        """Returns the entries of all groups, with the section's scope filled in."""
        return tuple(
            entry if entry.scope else dataclasses.replace(entry, scope=self.scope)
            for group in self.groups
            for entry in group
        )


def section(title: str, scope: str, *groups: tuple[Entry, ...]) -> Section:
    """Returns a section made of the given groups."""
    return Section(title, scope, groups)


def works(names: str, note: str = "", targets: tuple[str, ...] = ("cpu",)) -> tuple[Entry, ...]:
    """Entries for names (separated by blanks) that work on the targets."""
    return tuple(Entry("", name, Status.WORKS, targets, note) for name in names.split())


def threads(names: str, note: str = "") -> tuple[Entry, ...]:
    """Entries for thread-level names, which mean nothing on the CPU target."""
    return works(names, note, ("cuda",))


def hint(names: str) -> tuple[Entry, ...]:
    """Entries for hints: accepted and checked, without effect on the CPU target."""
    return works(names, "a hint, without effect on the CPU target")


def later(names: str, note: str, use: str = "") -> tuple[Entry, ...]:
    """Entries for names that will work, and raise `ComesLaterError` when they are used today."""
    return tuple(Entry("", name, Status.LATER, (), note, use) for name in names.split())


def rejected(names: str, because: str, use: str) -> tuple[Entry, ...]:
    """Entries for names that will not be taken over; they raise `NotPortedError` when used."""
    return tuple(Entry("", name, Status.REJECTED, (), because, use) for name in names.split())
