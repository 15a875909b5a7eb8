"""Tile schedulers: compile-time objects that hand out tiles inside a kernel."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.frontend import context
from tilescale.frontend.values import as_expr
from tilescale.language import hints
from tilescale.language.alloc import alloc_var
from tilescale.language.math import ceildiv
from tilescale.language.math import min as minimum


class BaseTileScheduler:
    """Hands out the tiles of a grid of `num_m_tiles` x `num_n_tiles` in a linear order.

    Attributes:
        num_m_tiles: tiles along the first dimension.
        num_n_tiles: tiles along the second dimension.
        num_workers: programs that share the tiles; all tiles are one program's if None.
        swizzle_size: tiles along the fast dimension that are visited together.
        column_major: whether the first dimension is the fast one.
    """

    def __init__(
        self,
        num_m_tiles: Any,
        num_n_tiles: Any,
        num_workers: Any = None,
        swizzle_size: int = 1,
        column_major: bool = True,
        cluster_size: int = 1,
        stateful: bool = True,
        name: str | None = None,
    ) -> None:
        if hints.count("the tile scheduler", "cluster_size", cluster_size, 1) != 1:
            remedy = "leave it out: clusters come with the CUDA target of sm_90"
            raise hints.refused("the tile scheduler", "cluster_size", cluster_size, "1", remedy)
        self.num_m_tiles = num_m_tiles
        self.num_n_tiles = num_n_tiles
        self.num_workers = 1 if num_workers is None else num_workers
        self.swizzle_size = swizzle_size
        self.column_major = column_major
        self.stateful = stateful
        self.name = name or "scheduler"
        self._linear: Any = None
        self._iteration: Any = None

    @property
    def total(self) -> Any:
        """Number of tiles."""
        return self.num_m_tiles * self.num_n_tiles

    def coord(self, linear: Any) -> tuple[Any, Any]:
        """The tile (m, n) with the given number.

        The slow dimension is cut into panels of `swizzle_size`; a panel is walked along the fast
        dimension before the next one starts. The last panel may be narrower.
        """
        slow, fast = (
            (self.num_n_tiles, self.num_m_tiles)
            if self.column_major
            else (self.num_m_tiles, self.num_n_tiles)
        )
        index = as_expr(linear)
        per_panel = fast * self.swizzle_size
        panel = index // per_panel
        width = minimum(as_expr(slow) - panel * self.swizzle_size, self.swizzle_size)
        inside = index % per_panel
        slow_index = panel * self.swizzle_size + inside % width
        fast_index = inside // width
        return (fast_index, slow_index) if self.column_major else (slow_index, fast_index)

    @property
    def linear_idx(self) -> Any:
        """Number of the current tile."""
        return as_expr(self._linear)

    @property
    def current_iter(self) -> Any:
        """How many tiles this program has finished."""
        return as_expr(self._iteration)

    @property
    def m_idx(self) -> Any:
        """First coordinate of the current tile."""
        return self.coord(self.linear_idx)[0]

    @property
    def n_idx(self) -> Any:
        """Second coordinate of the current tile."""
        return self.coord(self.linear_idx)[1]


class PersistentTileScheduler(BaseTileScheduler):
    """Gives each of `num_workers` programs every `num_workers`-th tile.

    Use: ``s.init(worker)``, then ``while s.valid(): ...; s.next_tile()``.
    """

    def init(self, worker: Any) -> None:
        """Starts with the tile whose number is `worker`."""
        builder = context.current("a tile scheduler")
        builder.hint = f"{self.name}_tile"
        self._linear = alloc_var("int32", init=worker)
        builder.hint = f"{self.name}_iter"
        self._iteration = alloc_var("int32", init=0)
        self._linear.named = self._iteration.named = True

    def next_tile(self) -> None:
        """Goes on to this program's next tile."""
        builder = context.current("a tile scheduler")
        builder.emit(self._linear.store(as_expr(self._linear) + self.num_workers))
        builder.emit(self._iteration.store(as_expr(self._iteration) + 1))

    def valid(self) -> ir.Expr:
        """Whether the current tile exists."""
        return self.linear_idx < self.total

    @property
    def num_iterations(self) -> Any:
        """An upper bound of the number of tiles of one program."""
        return ceildiv(self.total, self.num_workers)


__all__ = ["BaseTileScheduler", "PersistentTileScheduler"]
