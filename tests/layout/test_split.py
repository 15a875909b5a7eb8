"""Power-of-two blocks, common vectors and recasting against enumeration."""

import pytest
from brute import QUICK, coords, layouts, leaves, like, nested_layouts, values
from hypothesis import given
from hypothesis import strategies as st

from tilescale.layout import cute


@QUICK
@given(layouts(max_extent=12, max_leaves=3))
def test_split_power_of_two(layout):
    inner, outer = cute.split_power_of_two(layout)
    assert cute.congruent(inner.shape, layout.shape) and cute.congruent(outer.shape, layout.shape)
    blocks = leaves(inner.shape)
    assert all(n & (n - 1) == 0 for n in blocks)
    assert all(n % 2 == 1 for n in leaves(outer.shape))
    for crd in coords(leaves(layout.shape)):
        low = like(layout.shape, [c % n for c, n in zip(crd, blocks, strict=True)])
        high = like(layout.shape, [c // n for c, n in zip(crd, blocks, strict=True)])
        assert inner(low) + outer(high) == layout(like(layout.shape, crd))


def runs(values_, length):
    starts = range(0, len(values_), length)
    return len(values_) % length == 0 and all(
        values_[s : s + length] == list(range(values_[s], values_[s] + length)) for s in starts
    )


@QUICK
@given(layouts(), st.integers(1, 4))
def test_max_common_vector(layout, columns):
    n = len(values(layout))
    other = cute.make_row_major_layout((n // columns, columns)) if n % columns == 0 else layout
    both = (values(layout), values(other))
    best = max(g for g in range(1, n + 1) if runs(both[0], g) and runs(both[1], g))
    assert cute.max_common_vector(layout, other) == best


def moving_runs(layout):
    pairs = zip(leaves(layout.shape), leaves(layout.stride), strict=True)
    return sum(n > 1 and d == 1 for n, d in pairs)


@QUICK
@given(nested_layouts(), st.integers(1, 4))
def test_downcast_covers_the_same_bytes_and_upcast_undoes_it(layout, factor):
    if moving_runs(layout) != 1:
        with pytest.raises(ValueError, match="not exactly one mode of stride 1 moves"):
            cute.downcast(layout, factor)
        return
    small = cute.downcast(layout, factor)
    assert set(values(small)) == {v * factor + k for v in values(layout) for k in range(factor)}
    assert values(cute.upcast(small, factor)) == values(layout)


@QUICK
@given(layouts(), st.integers(2, 4))
def test_upcast_is_exact_or_impossible(layout, factor):
    try:
        large = cute.upcast(layout, factor)
    except ValueError as error:
        assert f"cannot be recast by a factor of {factor}" in str(error)
        if moving_runs(layout) == 1:
            pairs = zip(leaves(layout.shape), leaves(layout.stride), strict=True)
            assert any(n > 1 and (n if d == 1 else d) % factor for n, d in pairs)
        return
    small = {v * factor + k for v in values(large) for k in range(factor)}
    assert small == set(values(layout))
    assert cute.size(large) * factor == cute.size(layout)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: cute.upcast(cute.Layout((4, 3), (1, 5)), 2), "the mode 3:5 splits"),
        (lambda: cute.upcast(cute.Layout(4, 2), 2), "not exactly one mode of stride 1"),
        (lambda: cute.upcast(cute.Layout((2, 2), (1, 1)), 2), "not exactly one mode of stride 1"),
        (lambda: cute.downcast(cute.Layout(4), 0), "it must be positive"),
    ],
)
def test_misuse_is_rejected(run, message):
    with pytest.raises(ValueError, match=message):
        run()
