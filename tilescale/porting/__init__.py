"""What becomes of TileLang's names: the registry behind `docs/porting.md`."""

from tilescale.porting.entry import Entry, Section, Status
from tilescale.porting.placeholder import Placeholder, make_error
from tilescale.porting.registry import SECTIONS, entries, resolve

__all__ = [
    "SECTIONS",
    "Entry",
    "Placeholder",
    "Section",
    "Status",
    "entries",
    "make_error",
    "resolve",
]
