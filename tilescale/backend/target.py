"""Choosing a target, as ported programs import it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tilescale.jit.target import Target, resolve_target

__all__ = ["Target", "determine_target"]


def determine_target(
    target: str | Mapping[str, Any] | Target | None = "auto", return_object: bool = False
) -> str | Target:
    """Returns the target that `target` means on this machine.

    Args:
        target: see `tilescale.jit`.
        return_object: gives the target itself rather than its name.

    Raises:
        UnknownTargetError: there is no such target.
        UnsupportedTargetError: kernels cannot be compiled for the target.
    """
    found = resolve_target(target)
    return found if return_object else found.kind
