"""All entries, and the look-ups that modules and documentation need."""

from __future__ import annotations

import functools

from tilescale.errors import InternalError
from tilescale.porting import configuration, device, dtypes, host, operators, programs
from tilescale.porting.entry import Entry, Section, Status
from tilescale.porting.placeholder import Placeholder

SECTIONS: tuple[Section, ...] = (
    *programs.SECTIONS,
    *operators.SECTIONS,
    *device.SECTIONS,
    *dtypes.SECTIONS,
    *host.SECTIONS,
    *configuration.SECTIONS,
)


@functools.cache
def entries() -> dict[tuple[str, str], Entry]:
    """Returns every entry by (scope, name); a name that is listed twice is a defect."""
    found: dict[tuple[str, str], Entry] = {}
    for part in SECTIONS:
        for entry in part.entries():
            key = (entry.scope, entry.name)
            if key in found:
                raise InternalError(f"`{entry.full_name}` is listed twice in the port registry")
            found[key] = entry
    return found


def resolve(scope: str, name: str) -> Placeholder:
    """Returns the placeholder of a name that does not work, for a module's `__getattr__`.

    Args:
        scope: `T` for `tilescale.language`, else the module's dotted name.
        name: the attribute that the module lacks.

    Raises:
        AttributeError: the name is unknown, or is listed as working but does not exist.
    """
    entry = entries().get((scope, name))
    if entry is None and scope.startswith("tilescale."):
        entry = entries().get(("tilescale", f"{scope.removeprefix('tilescale.')}.{name}"))
    if entry is None or entry.status is Status.WORKS:
        module = "tilescale.language" if scope == "T" else scope
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return Placeholder(entry)
