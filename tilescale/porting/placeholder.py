"""What a ported program gets under a name that does not work yet, or never will."""

from __future__ import annotations

from typing import NoReturn

from tilescale.errors import ComesLaterError, NotPortedError, TileScaleError
from tilescale.porting.entry import Entry, Status


class Placeholder:
    """Importable under its name; any use raises the error that says what to write instead."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def _raise(self) -> NoReturn:
        from tilescale.frontend.diagnostics import here

        error = make_error(self._entry)
        error.span = here()
        raise error

    def __repr__(self) -> str:
        return f"<{self._entry.full_name}: {self._entry.describe()}>"

    def __getattr__(self, name: str) -> NoReturn:
        # Protocols of the interpreter (copying, pickling, array conversion) ask for these by name.
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        self._raise()

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        """Raises the error of the entry."""
        self._raise()

    def __getitem__(self, key: object) -> NoReturn:
        self._raise()

    def __enter__(self) -> NoReturn:
        self._raise()

    def __exit__(self, *exc: object) -> None:
        """Never reached: entering raises."""

    def __iter__(self) -> NoReturn:
        self._raise()

    def __mro_entries__(self, bases: object) -> NoReturn:
        self._raise()


def make_error(entry: Entry) -> TileScaleError:
    """Returns the error for the use of a name whose status is not `WORKS`."""
    use = f"use {entry.use}" if entry.use else None
    if entry.status is Status.LATER:
        return ComesLaterError(
            f"`{entry.full_name}` {entry.status.value}: {entry.note}", remedy=use
        )
    return NotPortedError(
        f"`{entry.full_name}` is not taken over, because {entry.note}", remedy=use
    )
