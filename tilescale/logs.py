"""The log of the package."""

from __future__ import annotations

import logging

from tilescale.errors import CompileOptionError


def set_log_level(level: str | int) -> None:
    """Sets which messages of the logger `tilescale` are shown.

    Args:
        level: a level of the module `logging`, or its name in any case.

    Raises:
        CompileOptionError: there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper()) if isinstance(level, str) else level
    if not isinstance(number, int):
        raise CompileOptionError(
            f"unknown log level {level!r}",
            expected=" or ".join(sorted(logging.getLevelNamesMapping())),
        )
    logging.getLogger("tilescale").setLevel(number)
