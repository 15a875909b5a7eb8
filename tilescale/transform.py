"""The one name of TileLang's `transform` that ported programs need; the rest are rejected."""

from __future__ import annotations

from tilescale.jit.pass_config import PassConfigKey
from tilescale.porting import Placeholder, entries

__all__ = ["PassConfigKey"]


def __getattr__(name: str) -> Placeholder:
    if name.startswith("__"):
        raise AttributeError(name)
    return Placeholder(entries()["tilescale", "transform"])
