"""The layout algebra under CuTe's names.

A layout ``shape:stride`` maps coordinates to integers. Flat indices count the first mode fastest.
Shapes, strides and coordinates are nested tuples of integers, or of IR expressions for tensors
whose extents are known only at launch. Every operation either obeys its law exactly or raises
``ValueError`` that names the modes in the way; ``docs/layout_algebra.md`` works through examples.
"""

from tilescale.layout.cute.objects import (
    ComposedLayout,
    IntTuple,
    Layout,
    Swizzle,
    Tiler,
)
from tilescale.layout.cute.operations import (
    blocked_product,
    coalesce,
    complement,
    composition,
    filter,  # noqa: A004 - CuTe's name
    flat_divide,
    flat_product,
    flatten,
    group_modes,
    left_inverse,
    logical_divide,
    logical_product,
    raked_product,
    right_inverse,
    slice_and_offset,
    tiled_divide,
    tiled_product,
    zipped_divide,
    zipped_product,
)
from tilescale.layout.cute.queries import (
    compatible,
    congruent,
    cosize,
    crd2idx,
    depth,
    idx2crd,
    make_column_major_layout,
    make_layout,
    make_row_major_layout,
    product,
    rank,
    size,
)

__all__ = [
    "ComposedLayout",
    "IntTuple",
    "Layout",
    "Swizzle",
    "Tiler",
    "blocked_product",
    "coalesce",
    "compatible",
    "complement",
    "composition",
    "congruent",
    "cosize",
    "crd2idx",
    "depth",
    "filter",
    "flat_divide",
    "flat_product",
    "flatten",
    "group_modes",
    "idx2crd",
    "left_inverse",
    "logical_divide",
    "logical_product",
    "make_column_major_layout",
    "make_layout",
    "make_row_major_layout",
    "product",
    "raked_product",
    "rank",
    "right_inverse",
    "size",
    "slice_and_offset",
    "tiled_divide",
    "tiled_product",
    "zipped_divide",
    "zipped_product",
]
