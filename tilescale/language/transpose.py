"""`T.transpose`."""

from __future__ import annotations

from typing import Any

from tilescale import ir
from tilescale.language.region import as_region, emit


def transpose(src: Any, dst: Any) -> None:
    """dst[j, i] = src[i, j] for two buffers or regions of two dimensions."""
    source, target = as_region(src, "T.transpose"), as_region(dst, "T.transpose")
    emit("T.transpose", ir.op.Transpose, source.node(), target.node(), {})


__all__ = ["transpose"]
