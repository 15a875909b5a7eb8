"""The autotuner comes later; its names can be imported."""

from __future__ import annotations

from tilescale.porting import Placeholder, resolve


def __getattr__(name: str) -> Placeholder:
    return resolve("tilescale.autotuner", name)
