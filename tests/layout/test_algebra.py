"""Composition, complement, inverses, division and product against enumeration."""

import itertools

import pytest
from brute import (
    QUICK,
    THOROUGH,
    extended,
    is_sequence_of_layout,
    layouts,
    leaves,
    nested_layouts,
    refines,
    values,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from tilescale.layout import cute


@THOROUGH
@given(layouts(), layouts(max_leaves=3))
def test_composition_is_exact_or_impossible(lhs, rhs):
    target = [extended(lhs, i) for i in values(rhs)]
    try:
        result = cute.composition(lhs, rhs)
    except ValueError as error:
        assert "is no layout" in str(error)
        assert not refines(leaves(rhs.shape), target)
        return
    assert values(result) == target
    assert cute.compatible(rhs.shape, result.shape)


@QUICK
@given(layouts(), st.data())
def test_composition_by_mode(layout, data):
    assume(isinstance(layout.shape, tuple) and layout.shape)
    tiler = tuple(data.draw(st.sampled_from([None, 1, 2, cute.Layout(2, 1)])) for _ in layout.shape)
    try:
        result = cute.composition(layout, tiler)
    except ValueError:
        assume(False)
    for mode, tile, out in zip(layout, tiler, result, strict=True):
        n = cute.size(mode) if tile is None else tile if isinstance(tile, int) else 2
        assert values(out) == [extended(mode, i) for i in range(n)]


def tiled_length(image):
    """The least n such that translates of `image` tile 0 .. n-1: each next translate is forced."""
    covered = set()
    for start in range(4 * (max(image) + 1)):
        if start in covered:
            continue
        moved = {start + v for v in image}
        if moved & covered:
            return None
        covered |= moved
        if max(covered) == len(covered) - 1:
            return len(covered)
    return None


@THOROUGH
@given(layouts(max_extent=4, max_leaves=3), st.integers(1, 60))
def test_complement_is_disjoint_and_covers(layout, target):
    image = sorted(set(values(layout)))
    moving = cute.filter(layout)
    injective = len(values(moving)) == len(image)
    try:
        result = cute.complement(layout, target)
    except ValueError as error:
        assert "complement of" in str(error)
        assert not injective or tiled_length(image) is None
        return
    assert injective
    sums = sorted(a + b for a in image for b in values(result))
    assert sums == list(range(len(sums)))
    period = tiled_length(image)
    assert len(sums) == period * -(-target // period)
    flat = leaves(result.stride)
    assert flat == sorted(flat)


@THOROUGH
@given(layouts())
def test_right_inverse(layout):
    result = cute.right_inverse(layout)
    positions = values(result)
    assert [extended(layout, i) for i in positions] == list(range(len(positions)))
    where = {}
    for i, v in enumerate(values(layout)):
        if v in where:
            return
        where[v] = i
    # The largest, for injective layouts.
    reach = len(positions)
    while reach in where:
        reach += 1
        assert not is_sequence_of_layout([where[v] for v in range(reach)])


@THOROUGH
@given(layouts())
def test_left_inverse_is_exact_or_impossible(layout):
    image = values(layout)
    moving = [m for m in zip(leaves(layout.stride), leaves(layout.shape), strict=True) if m[1] > 1]
    strides = sorted(d for d, _ in moving)
    try:
        result = cute.left_inverse(layout)
    except ValueError as error:
        assert "left inverse of" in str(error)
        injective = len(set(image)) == len(image)
        assert not injective or any(b % a for a, b in itertools.pairwise(strides))
        return
    assert [result(v) for v in image] == list(range(len(image)))


@QUICK
@given(layouts(max_leaves=3), nested_layouts(max_extent=4, max_leaves=2))
def test_division_puts_each_element_once(layout, tiler):
    try:
        divided = cute.logical_divide(layout, tiler)
    except ValueError:
        assume(False)
    rest = cute.complement(tiler, cute.size(layout))
    assert cute.rank(divided) == 2
    expected = [extended(layout, t + r) for r in values(rest) for t in values(tiler)]
    assert values(divided) == expected
    assert cute.size(divided) >= cute.size(layout)
    assert cute.size(divided[0]) == cute.size(tiler)


@QUICK
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_division_by_mode(m, n, tm, tn, row_major):
    make = cute.make_row_major_layout if row_major else cute.make_column_major_layout
    layout = make((m, n))
    rm, rn = -(-m // tm), -(-n // tn)
    dm, dn = layout.stride

    def at(i, j, a, b):
        return (i + tm * a) * dm + (j + tn * b) * dn

    # Ragged last tiles reach outside the layout; what lies inside must be right.
    rows = [(i, a) for a in range(rm) for i in range(tm) if i + tm * a < m]
    columns = [(j, b) for b in range(rn) for j in range(tn) if j + tn * b < n]
    zipped = cute.zipped_divide(layout, (tm, tn))
    tiled = cute.tiled_divide(layout, (tm, tn))
    flat = cute.flat_divide(layout, (tm, tn))
    logical = cute.logical_divide(layout, (tm, tn))
    for (i, a), (j, b) in itertools.product(rows, columns):
        expected = at(i, j, a, b)
        assert zipped(((i, j), (a, b))) == expected
        assert tiled(((i, j), a, b)) == expected
        assert flat((i, j, a, b)) == expected
        assert logical(((i, a), (j, b))) == expected
    assert zipped.shape == ((tm, tn), (rm, rn))
    partial, whole = cute.zipped_divide(layout, (tm,)), cute.zipped_divide(layout, (None, tn))
    for (i, a), (j, b) in itertools.product(rows, columns):
        assert partial(((i,), (a, j + tn * b))) == at(i, j, a, b)
        assert whole(((i + tm * a, j), (0, b))) == at(i, j, a, b)


@THOROUGH
@given(nested_layouts(max_leaves=2), nested_layouts(max_leaves=2))
def test_product_repeats_the_block_disjointly(block, tiler):
    try:
        result = cute.logical_product(block, tiler)
    except ValueError as error:
        assert "is no layout" in str(error)
        return
    assert result[0] == block
    assert cute.size(result[1]) == cute.size(tiler)
    free = cute.complement(block, cute.size(block) * cute.cosize(tiler))
    expected = [extended(free, t) + b for t in values(tiler) for b in values(block)]
    assert values(result) == expected
    assert len(set(expected)) == len(expected)


@QUICK
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_blocked_and_raked_products(bm, bn, tm, tn):
    block, tiler = cute.make_row_major_layout((bm, bn)), cute.Layout((tm, tn))
    area = bm * bn
    blocked, raked = cute.blocked_product(block, tiler), cute.raked_product(block, tiler)
    for crd in [
        (i, j, a, b) for i in range(bm) for j in range(bn) for a in range(tm) for b in range(tn)
    ]:
        i, j, a, b = crd
        offset = block((i, j)) + area * tiler((a, b))
        assert blocked((i + bm * a, j + bn * b)) == offset
        assert raked((a + tm * i, b + tn * j)) == offset


@QUICK
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_product_by_mode(m, n, tm, tn):
    layout = cute.Layout((m, n), (1, 5 * m))
    logical = cute.logical_product(layout, (tm, tn))
    modes = [cute.logical_product(layout[0], tm), cute.logical_product(layout[1], tn)]
    assert [values(x) for x in logical] == [values(x) for x in modes]
    zipped = cute.zipped_product(layout, (tm, tn))
    tiled = cute.tiled_product(layout, (tm, tn))
    flat = cute.flat_product(layout, (tm, tn))
    for i, j, a, b in [
        (i, j, a, b) for i in range(m) for j in range(n) for a in range(tm) for b in range(tn)
    ]:
        expected = logical(((i, a), (j, b)))
        assert zipped(((i, j), (a, b))) == expected
        assert tiled(((i, j), a, b)) == expected
        assert flat((i, j, a, b)) == expected


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda: cute.composition(cute.Layout((4, 3), (1, 10)), cute.Layout(3, 2)),
            r"the mode 3:2 of the right layout does not divide .*\(4,3\):\(1,10\)",
        ),
        (
            lambda: cute.composition(cute.Layout((4, 2), (1, 100)), cute.Layout((2, 2), (3, 1))),
            "add up across a mode",
        ),
        (lambda: cute.composition(cute.Layout(4), cute.Layout(2, -1)), "negative stride -1"),
        (lambda: cute.complement(cute.Layout((2, 2), (1, 1)), 8), "mode 2:1 overlaps"),
        (lambda: cute.complement(cute.Layout((2, 2), (1, 3)), 8), "2:3 is no multiple of 2"),
        (lambda: cute.complement(cute.Layout(4, -1), 8), "negative stride"),
        (lambda: cute.complement(cute.Layout(0, 1), 8), "empty layout"),
        (lambda: cute.left_inverse(cute.Layout((2, 2), (1, 0))), "2:0 broadcasts"),
        (lambda: cute.left_inverse(cute.Layout((3, 2), (1, 2))), "stride 2 .* overlaps"),
        (lambda: cute.left_inverse(cute.Layout((2, 2), (2, 3))), "3 .* is no multiple of it"),
        (lambda: cute.left_inverse(cute.Layout(4, -1)), "4:-1 has a negative stride"),
        (lambda: cute.logical_divide(cute.Layout(8), (2, 2)), "the tiler has 2 modes"),
    ],
)
def test_what_has_no_answer_is_rejected(run, message):
    with pytest.raises(ValueError, match=message):
        run()
