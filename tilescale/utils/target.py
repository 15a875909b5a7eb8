"""Choosing a target, as ported programs import it."""

from tilescale.backend.target import determine_target

__all__ = ["determine_target"]
