"""Layouts by enumeration: what the tests compare the algebra with. Shares no formula with it."""

from __future__ import annotations

import functools
import itertools

from hypothesis import settings
from hypothesis import strategies as st

from tilescale.layout import cute

QUICK = settings(derandomize=True, deadline=None, max_examples=100)
THOROUGH = settings(derandomize=True, deadline=None, max_examples=300)


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


def like(profile, flat):
    flat = iter(flat)

    def build(tree):
        return tuple(build(t) for t in tree) if isinstance(tree, tuple) else next(flat)

    return build(profile)


def nest(flat, pattern):
    """A shape with these extents; the pattern says which neighbours are grouped."""
    flat = tuple(flat)
    if len(flat) == 1 and pattern % 2:
        return flat[0]
    grouped = {
        1: lambda: ((flat[0], *flat[1:2]), *flat[2:]),
        2: lambda: (*flat[:-2], flat[-2:]),
        3: lambda: ((flat[:1], *flat[1:2]), *flat[2:]),
        4: lambda: (flat,),
        5: lambda: (flat[:2], flat[2:]),
        6: lambda: (*flat, ()),
    }
    return grouped[pattern]() if flat and pattern in grouped else flat


# Strategies are made once and draw few values: most of the time of these tests is Hypothesis's.
_PATTERNS = st.integers(0, 7)
_GAPS = st.lists(st.sampled_from([1, 1, 1, 2, 3]), min_size=4, max_size=4)
_ORDERS = tuple(itertools.permutations(range(4)))
_ORDER = st.integers(0, len(_ORDERS) - 1)


@functools.cache
def extents(max_extent, max_leaves):
    return st.lists(st.integers(1, max_extent), max_size=max_leaves)


@functools.cache
def shapes(max_extent=6, max_leaves=4):
    return st.builds(nest, extents(max_extent, max_leaves), _PATTERNS)


def free(flat, pattern, strides):
    shape = nest(flat, pattern)
    return cute.Layout(shape, like(shape, strides))


@functools.cache
def free_layouts(max_extent=6, max_leaves=4, max_stride=24):
    """Any shape with any non-negative strides."""
    strides = st.lists(st.integers(0, max_stride), min_size=4, max_size=4)
    return st.builds(free, extents(max_extent, max_leaves), _PATTERNS, strides)


def nested(flat, pattern, gaps, order):
    strides, reach = [0] * len(flat), 1
    for i in [i for i in _ORDERS[order] if i < len(flat)]:
        reach *= gaps[i]
        strides[i] = reach
        reach *= flat[i]
    return free(flat, pattern, strides)


@functools.cache
def nested_layouts(max_extent=6, max_leaves=4):
    """Injective, with gaps of whole multiples: modes in random order of stride."""
    return st.builds(nested, extents(max_extent, max_leaves), _PATTERNS, _GAPS, _ORDER)


@functools.cache
def layouts(max_extent=6, max_leaves=4):
    return st.one_of(free_layouts(max_extent, max_leaves), nested_layouts(max_extent, max_leaves))
