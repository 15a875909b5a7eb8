"""The one name of TileLang's `transform` that ported programs need; its passes are rejected."""

from __future__ import annotations

from tilescale.jit.pass_config import PassConfigKey
from tilescale.porting import Placeholder, resolve

__all__ = ["PassConfigKey"]


def __getattr__(name: str) -> Placeholder:
    return resolve("tilescale.transform", name)
