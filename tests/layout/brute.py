"""Layouts by enumeration: what the tests compare the algebra with. Shares no formula with it."""

from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st

from tilescale.layout import cute

QUICK = settings(derandomize=True, deadline=None, max_examples=150)
THOROUGH = settings(derandomize=True, deadline=None, max_examples=400)


def leaves(tree):
    return [tree] if not isinstance(tree, tuple) else [x for t in tree for x in leaves(t)]


def coords(extents):
    """All coordinates of a flat shape, first mode fastest."""
    for reverse in itertools.product(*(range(n) for n in reversed(extents))):
        yield reverse[::-1]


def values(layout):
    strides = leaves(layout.stride)
    return [
        sum(c * d for c, d in zip(crd, strides, strict=True))
        for crd in coords(leaves(layout.shape))
    ]


def extended(layout, index):
    """The value of a layout at any index: past its size the last moving mode goes on."""
    modes = [m for m in zip(leaves(layout.shape), leaves(layout.stride), strict=True) if m[0] != 1]
    total = 0
    for i, (n, d) in enumerate(modes):
        last = i == len(modes) - 1
        total += (index if last else index % n) * d
        index = 0 if last else index // n
    return total


def is_sequence_of_layout(seq):
    """Whether some flat layout enumerates `seq`, by trying every extent of its first mode."""
    if len(seq) <= 1:
        return not seq or seq[0] == 0
    if seq[0] != 0:
        return False
    for n in range(2, len(seq) + 1):
        if len(seq) % n == 0 and seq[:n] == [i * seq[1] for i in range(n)]:
            outer = seq[::n]
            split = [a + b for b in outer for a in seq[:n]]
            if split == seq and is_sequence_of_layout(outer):
                return True
    return False


def refines(extents, seq):
    """Whether some layout that refines the flat shape `extents` enumerates `seq`."""
    axes, block = [], 1
    for n in extents:
        axes.append([seq[i * block] for i in range(n)])
        block *= n
    total = [sum(axis[c] for axis, c in zip(axes, crd, strict=True)) for crd in coords(extents)]
    return total == seq and all(is_sequence_of_layout(axis) for axis in axes)


def shapes(max_extent=6, max_leaves=4, min_extent=1):
    extent = st.integers(min_extent, max_extent)
    return st.recursive(
        extent, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=max_leaves
    ).filter(lambda s: len(leaves(s)) <= max_leaves)


def like(profile, flat):
    flat = iter(flat)

    def build(tree):
        return tuple(build(t) for t in tree) if isinstance(tree, tuple) else next(flat)

    return build(profile)


@st.composite
def free_layouts(draw, max_extent=6, max_leaves=4, max_stride=24, min_extent=1):
    """Any shape with any non-negative strides."""
    shape = draw(shapes(max_extent, max_leaves, min_extent))
    strides = [draw(st.integers(0, max_stride)) for _ in leaves(shape)]
    return cute.Layout(shape, like(shape, strides))


@st.composite
def nested_layouts(draw, max_extent=6, max_leaves=4):
    """Injective, with gaps of whole multiples: modes in random order of stride."""
    shape = draw(shapes(max_extent, max_leaves))
    extents = leaves(shape)
    strides = [0] * len(extents)
    reach = 1
    for i in draw(st.permutations(range(len(extents)))):
        reach *= draw(st.sampled_from([1, 1, 1, 2, 3]))
        strides[i] = reach
        reach *= extents[i]
    return cute.Layout(shape, like(shape, strides))


def layouts(**kwargs):
    return st.one_of(free_layouts(**kwargs), nested_layouts(**kwargs))
