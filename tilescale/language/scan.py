"""`T.cumsum` and `T.cummax`."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.language.reduce import normal_dim
from tilescale.language.region import as_region, emit


def _scan(what: str, kind: ir.op.ScanKind, src: Any, dst: Any, dim: int, reverse: bool) -> None:
    source = as_region(src, what)
    target = source if dst is None else as_region(dst, what)
    axis = normal_dim(dim, len(source.extents), what)
    emit(what, ir.op.Scan, source.node(), target.node(), axis, int(kind), bool(reverse), {})


def cumsum(src: Any, dst: Any = None, dim: int = 0, reverse: bool = False) -> None:
    """Running sums along a dimension.

    Args:
        src: a buffer or region.
        dst: result of the same extents; `src` itself by default.
        dim: the dimension; negative values count from the end.
        reverse: whether to start at the other end.

    Raises:
        DimensionError: no such dimension.
    """
    _scan("T.cumsum", ir.op.ScanKind.SUM, src, dst, dim, reverse)


def cummax(src: Any, dst: Any = None, dim: int = 0, reverse: bool = False) -> None:
    """Running maxima along a dimension; arguments as for `cumsum`."""
    _scan("T.cummax", ir.op.ScanKind.MAX, src, dst, dim, reverse)


__all__ = ["cummax", "cumsum"]
