"""Layouts of tiles in shared memory and in registers.

`Layout` and `Fragment` are given as functions of the indices, as kernels annotate them;
`tilescale.layout.cute` is the algebra underneath, with bank scores and maps over F2 beside it.
"""

from __future__ import annotations

from typing import Any

from tilescale.layout import cute
from tilescale.layout.banks import (
    BankReport,
    TileCandidate,
    rank_tile_layouts,
    score_elements,
    score_layout,
)
from tilescale.layout.fragment import (
    Fragment,
    FragmentConversion,
    make_fully_replicated_layout_fragment,
    make_gemm_fragment_8x8,
    make_gemm_fragment_8x8_transposed,
)
from tilescale.layout.layout import Layout
from tilescale.layout.linear import LinearF2
from tilescale.layout.swizzle import (
    make_full_bank_swizzled_layout,
    make_half_bank_swizzled_layout,
    make_linear_layout,
    make_quarter_bank_swizzled_layout,
    make_swizzled_layout,
)

__all__ = [
    "BankReport",
    "Fragment",
    "FragmentConversion",
    "Layout",
    "LinearF2",
    "TileCandidate",
    "cute",
    "make_full_bank_swizzled_layout",
    "make_fully_replicated_layout_fragment",
    "make_gemm_fragment_8x8",
    "make_gemm_fragment_8x8_transposed",
    "make_half_bank_swizzled_layout",
    "make_linear_layout",
    "make_quarter_bank_swizzled_layout",
    "make_swizzled_layout",
    "rank_tile_layouts",
    "score_elements",
    "score_layout",
]


def __getattr__(name: str) -> Any:
    from tilescale.porting import resolve

    return resolve("tilescale.layout", name)
