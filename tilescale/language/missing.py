"""The error for names that the language does not have."""

from __future__ import annotations

import difflib
import sys
from typing import NoReturn

from tilescale import errors
from tilescale.frontend.diagnostics import here
from tilescale.porting.placeholder import Placeholder
from tilescale.porting.registry import resolve


def missing(name: str) -> Placeholder:
    """What `T.<name>` is for a name that users of TileLang know and that does not work here.

    Raises:
        UnknownLanguageNameError: nobody knows the name.
    """
    try:
        return resolve("T", name)
    except AttributeError:
        _unknown(name)


def _unknown(name: str) -> NoReturn:
    known = vars(sys.modules["tilescale.language"])
    close = difflib.get_close_matches(name, [n for n in known if not n.startswith("_")], n=1)
    raise errors.UnknownLanguageNameError(
        f"the language has no `T.{name}`",
        remedy=f"did you mean `T.{close[0]}`?" if close else "see docs/porting.md for all names",
        span=here(),
    )
