"""The command line, and names of TileLang's `tools`."""

from __future__ import annotations

from tilescale.porting import Placeholder, resolve


def __getattr__(name: str) -> Placeholder:
    return resolve("tilescale.tools", name)
