"""Shared-memory bank conflicts and the choice of a swizzle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import tvm_ffi

from tilescale.layout._value import Value, call
from tilescale.layout.cute import ComposedLayout, Layout, Swizzle


@tvm_ffi.register_object("tilescale.layout.BankReport", init=False)
class BankReport(Value):
    """What the shared-memory accesses of a tile cost."""

    __slots__ = ()
    if TYPE_CHECKING:
        accesses: int
        """Warp-wide instructions."""
        wavefronts: int
        """Their cost: one wavefront serves one word of each bank."""
        ideal: int
        """The cost without conflicts."""
        worst: int
        """Wavefronts of the worst phase: an n-way conflict."""

    @property
    def conflicts(self) -> int:
        """Wavefronts beyond the ideal."""
        return self.wavefronts - self.ideal


@tvm_ffi.register_object("tilescale.layout.TileCandidate", init=False)
class TileCandidate(Value):
    """A shared-memory layout of a tile with its score."""

    __slots__ = ()
    if TYPE_CHECKING:
        name: str
        layout: ComposedLayout
        wavefronts: int
        ideal: int
        bytes: int


def score_elements(
    elements: Sequence[int], num_values: int, element_bits: int, access_bytes: int
) -> BankReport:
    """Scores accesses given element by element.

    Args:
        elements: ``elements[t * num_values + v]`` is the element that thread t touches as value
            v, -1 for none.
        num_values: values of a thread.
        element_bits: bits of an element.
        access_bytes: bytes that one instruction moves per lane: 1, 2, 4, 8 or 16.

    Raises:
        ValueError: values that are not consecutive or not aligned where a vector needs them.
    """
    table = tvm_ffi.Shape(tuple(elements))
    out: BankReport = call("ScoreElements", table, num_values, element_bits, access_bytes)
    return out


def score_layout(
    thread_value: Layout, memory: Layout | ComposedLayout, element_bits: int, access_bytes: int
) -> BankReport:
    """Scores a (thread, value) -> flat coordinate layout on top of a shared-memory layout.

    Raises:
        ValueError: as `score_elements`.
    """
    if isinstance(memory, Layout):
        memory = ComposedLayout(Swizzle(0, 0, 0), 0, memory)
    out: BankReport = call("ScoreLayout", thread_value, memory, element_bits, access_bytes)
    return out


def rank_tile_layouts(
    shape: tuple[int, int], element_bits: int, accesses: Sequence[tuple[Layout, int]]
) -> tuple[TileCandidate, ...]:
    """Shared-memory layouts of a tile, best first, scored exactly.

    Args:
        shape: rows and columns; need not be powers of two.
        element_bits: bits of an element.
        accesses: each way in which the tile is touched: a (thread, value) -> flat coordinate
            layout (rows fastest) and the bytes per lane and instruction.

    Raises:
        ValueError: an access that is no vector even in the row-major tile.
    """
    layouts = [layout for layout, _ in accesses]
    widths = tvm_ffi.Shape(tuple(width for _, width in accesses))
    ranked = call("RankTileLayouts", shape[0], shape[1], element_bits, layouts, widths)
    return tuple(ranked)
