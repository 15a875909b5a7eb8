"""Shape, coordinates, coalescing and slicing against enumeration."""

import itertools

import pytest
import tvm_ffi
from brute import QUICK, coords, leaves, like, shapes, values
from brute import layouts as any_layouts
from hypothesis import given
from hypothesis import strategies as st

from tilescale.layout import cute


@QUICK
@given(any_layouts())
def test_evaluation_by_flat_index_and_by_coordinate(layout):
    expected = values(layout)
    assert cute.size(layout) == len(expected)
    assert cute.cosize(layout) == max(expected) + 1
    assert [layout(i) for i in range(len(expected))] == expected
    by_coord = [layout(like(layout.shape, c)) for c in coords(leaves(layout.shape))]
    assert by_coord == expected


@QUICK
@given(shapes())
def test_coordinates_enumerate_first_mode_fastest(shape):
    flat = list(coords(leaves(shape)))
    natural = [cute.idx2crd(i, shape) for i in range(len(flat))]
    assert [tuple(leaves(c)) for c in natural] == flat
    assert [cute.crd2idx(c, shape) for c in natural] == list(range(len(flat)))


@QUICK
@given(shapes())
def test_compact_layouts(shape):
    column, row = cute.make_column_major_layout(shape), cute.make_row_major_layout(shape)
    assert values(column) == list(range(cute.product(shape)))
    ordered = sorted(coords(leaves(shape)))
    assert [row(like(shape, c)) for c in ordered] == list(range(len(ordered)))


@QUICK
@given(any_layouts())
def test_coalesce_keeps_the_function_and_is_minimal(layout):
    merged = cute.coalesce(layout)
    assert values(merged) == values(layout)
    modes = list(zip(leaves(merged.shape), leaves(merged.stride), strict=True))
    assert len(modes) == 1 or all(n > 1 for n, _ in modes)
    pairs = itertools.pairwise(modes)
    assert all(d1 != n0 * d0 for (n0, d0), (_, d1) in pairs)


@QUICK
@given(any_layouts())
def test_profile_changes_keep_the_function(layout):
    assert values(cute.flatten(layout)) == values(layout)
    by_mode = cute.coalesce(layout, by_mode=True)
    assert cute.rank(by_mode) == cute.rank(layout)
    assert [values(m) for m in by_mode] == [values(m) for m in layout]
    if not isinstance(layout.shape, tuple) or not layout.shape:
        return
    grouped = cute.group_modes(layout, 0, cute.rank(layout))
    assert grouped.shape == (layout.shape,)
    assert values(grouped) == values(layout)


@QUICK
@given(any_layouts())
def test_filter_keeps_the_image(layout):
    kept = cute.filter(layout)
    assert sorted(set(values(kept))) == sorted(set(values(layout)))
    assert 0 not in leaves(kept.stride) or kept == cute.Layout(1, 0)


@QUICK
@given(any_layouts(), st.data())
def test_slices_are_where_the_coordinate_says(layout, data):
    if not isinstance(layout.shape, tuple) or not layout.shape:
        return
    modes = [cute.size(m) for m in layout]
    free = [data.draw(st.booleans()) for _ in modes]
    fixed = [
        None if f else data.draw(st.integers(0, n - 1)) for f, n in zip(free, modes, strict=True)
    ]
    if all(f is not None for f in fixed):
        return
    sub, offset = cute.slice_and_offset(tuple(fixed), layout)
    expected = [
        layout(c)
        for c in coords(modes)
        if all(f is None or f == x for f, x in zip(fixed, c, strict=True))
    ]
    assert [offset + v for v in values(sub)] == expected


def test_empty_modes_are_ordinary():
    empty = cute.Layout((4, 0), (1, 4))
    assert (cute.size(empty), cute.cosize(empty)) == (0, 0)
    assert cute.coalesce(empty) == cute.Layout(0, 0)
    assert cute.composition(cute.Layout(8, 2), empty) == cute.Layout((4, 0), (0, 0))
    scalar = cute.Layout(())
    assert (cute.size(scalar), cute.rank(scalar), scalar(0)) == (1, 0, 0)


def test_printing_and_equality():
    layout = cute.Layout((4, (2, 3)), (1, (8, 16)))
    assert str(layout) == "(4,(2,3)):(1,(8,16))"
    assert str(cute.Layout(())) == "():()"
    assert layout == cute.Layout((4, (2, 3)), (1, (8, 16)))
    assert hash(layout) == hash(cute.Layout((4, (2, 3)), (1, (8, 16))))
    assert layout != cute.Layout((4, (2, 3)), (1, (8, 17)))
    assert (cute.rank(layout), cute.depth(layout)) == (2, 2)


def test_negative_strides_reverse():
    assert values(cute.Layout(4, -1)) == [0, -1, -2, -3]
    assert cute.Layout((2, 3), (-3, 1))((1, 2)) == -1


def test_compatible_and_congruent():
    assert cute.compatible(6, (2, 3)) and not cute.compatible((2, 3), 6)
    assert cute.compatible((6, 4), ((2, 3), (2, 2))) and not cute.compatible((6, 4), ((2, 2), 6))
    assert cute.congruent((1, (2, 3)), (0, (0, 0))) and not cute.congruent((1, 2), (1, (2,)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cute.Layout((2, 3), (1, (2,))), "different profiles"),
        (lambda: cute.Layout((2, -3), (1, 2)), "negative extent -3"),
        (lambda: cute.Layout((2, 3))((1, 2, 3)), "has rank 3"),
        (lambda: cute.Layout((2, 3))(((1, 0), 2)), "deeper than the mode 2:1"),
        (lambda: cute.Layout(2**40, 2**40).__call__(2**40), "overflows 64 bits"),
        (lambda: cute.Layout((4, 0, 2))(3), "divides by zero"),
        (lambda: cute.slice_and_offset((None,), cute.Layout((2, 3))), "cannot slice"),
        (lambda: cute.group_modes(cute.Layout((2, 3)), 1, 3), "cannot group"),
    ],
)
def test_misuse_is_rejected(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_mode_out_of_range_is_an_index_error():
    with pytest.raises(IndexError, match="mode 2 of"):
        cute.Layout((2, 3))[2]


def test_a_leaf_must_be_an_integer():
    with pytest.raises((TypeError, ValueError)):
        cute.Layout(("x", 3))


def test_objects_survive_serialization():
    for value in (
        cute.Layout((4, (2, 3)), (1, (8, 16))),
        cute.ComposedLayout(cute.Swizzle(2, 1, 3), 5, cute.Layout((8, 8), (8, 1))),
    ):
        text = tvm_ffi.serialization.to_json_graph_str(value)
        assert tvm_ffi.serialization.from_json_graph_str(text) == value
