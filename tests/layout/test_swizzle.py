"""Swizzles, composed layouts and maps over F2 against enumeration."""

import pytest
from brute import QUICK, coords, leaves, nested_layouts, values
from hypothesis import assume, given
from hypothesis import strategies as st

from tilescale.layout import LinearF2, cute


@st.composite
def swizzles(draw, max_bits=3, max_base=3, max_shift=4):
    bits = draw(st.integers(0, max_bits))
    shift = draw(st.integers(bits, max(bits, max_shift))) * draw(st.sampled_from([1, -1]))
    return cute.Swizzle(bits, draw(st.integers(0, max_base)), shift)


def swizzled(swizzle, x):
    """By single bits: bit base+k changes by bit base+k+shift; a negative shift the other way."""
    out = x
    for k in range(swizzle.bits):
        low, high = swizzle.base + k, swizzle.base + k + abs(swizzle.shift)
        source, target = (high, low) if swizzle.shift >= 0 else (low, high)
        out ^= (x >> source & 1) << target
    return out


@st.composite
def power_of_two_layouts(draw, max_bits=6):
    """A layout of single bits in any order, with gaps: linear and injective."""
    bits = draw(st.integers(0, max_bits))
    places = draw(st.permutations(range(bits + 2)))[:bits]
    return cute.Layout((2,) * bits, tuple(1 << p for p in places))


@QUICK
@given(swizzles())
def test_swizzle_moves_bits_and_is_an_involution(swizzle):
    block = 1 << (swizzle.bits + swizzle.base + abs(swizzle.shift))
    image = [swizzle(x) for x in range(2 * block)]
    assert image == [swizzled(swizzle, x) for x in range(2 * block)]
    assert sorted(image[:block]) == list(range(block))
    assert [swizzle(x) for x in image] == list(range(2 * block))


@QUICK
@given(swizzles(), nested_layouts(max_extent=5), st.integers(0, 20), st.data())
def test_composed_layouts_act_on_their_domain(swizzle, layout, offset, data):
    composed = cute.ComposedLayout(swizzle, offset, layout)
    expected = [swizzled(swizzle, offset + v) for v in values(layout)]
    assert [composed(i) for i in range(cute.size(composed))] == expected
    assert cute.cosize(composed) == (
        max(expected) + 1 if swizzle.bits else cute.cosize(layout) + offset
    )
    merged = cute.coalesce(composed)
    assert [merged(i) for i in range(len(expected))] == expected
    count = data.draw(st.integers(1, len(expected)))
    try:
        picked = cute.composition(composed, cute.Layout(count, 1))
    except ValueError:
        with pytest.raises(ValueError, match="is no layout"):
            cute.composition(layout, cute.Layout(count, 1))
        return
    assert [picked(i) for i in range(count)] == expected[:count]


def test_composed_divide_and_slice():
    tile = cute.ComposedLayout(cute.Swizzle(2, 1, 3), 0, cute.Layout((8, 8), (8, 1)))
    divided = cute.zipped_divide(tile, (2, 4))
    for i, j, a, b in coords([2, 4, 4, 2]):
        assert divided(((i, j), (a, b))) == tile((i + 2 * a, j + 4 * b))
    column = tile(None, 3)
    assert [column(i) for i in range(8)] == [tile((i, 3)) for i in range(8)]
    assert str(column) == "Swizzle<2,1,3> o 3 o 8:8"


@QUICK
@given(swizzles(), power_of_two_layouts(max_bits=5))
def test_composed_inverse(swizzle, layout):
    composed = cute.ComposedLayout(swizzle, 0, layout)
    image = [composed(i) for i in range(cute.size(layout))]
    try:
        inverse = composed.inverse()
    except ValueError:
        # Not onto 0 .. size-1, or the inverse is no swizzle of a layout.
        if sorted(image) == list(range(len(image))):
            table = LinearF2.from_layout(composed).inverse()
            with pytest.raises(ValueError, match="no swizzle of a shape:stride layout"):
                table.to_composed()
        return
    assert [inverse(v) for v in image] == list(range(len(image)))


def test_inverse_of_a_swizzled_tile():
    tile = cute.ComposedLayout(cute.Swizzle(3, 3, 3), 0, cute.Layout((8, 64), (64, 1)))
    inverse = tile.inverse()
    assert all(inverse(tile(i)) == i for i in range(512))


@QUICK
@given(swizzles(max_bits=2, max_base=2, max_shift=3), st.sampled_from([8, 16, 32]))
def test_recast_permutes_the_same_bytes(swizzle, new_bits):
    assume(swizzle.base + 4 - {8: 3, 16: 4, 32: 5}[new_bits] >= 0)
    recast = swizzle.recast(16, new_bits)
    for byte in range(512):
        old = swizzle(byte // 2) * 2 + byte % 2
        unit = new_bits // 8
        assert recast(byte // unit) * unit + byte % unit == old


@QUICK
@given(power_of_two_layouts(), swizzles())
def test_linear_maps_have_the_values_of_the_layout(layout, swizzle):
    composed = cute.ComposedLayout(swizzle, 0, layout)
    plain, both = LinearF2.from_layout(layout), LinearF2.from_layout(composed)
    expected = values(layout)
    assert [plain(i) for i in range(len(expected))] == expected
    assert [both(i) for i in range(len(expected))] == [swizzled(swizzle, v) for v in expected]
    assert values(plain.to_layout()) == expected
    back = both.to_composed()
    assert [back(i) for i in range(len(expected))] == [composed(i) for i in range(len(expected))]


linear_maps = st.builds(
    lambda out, basis: LinearF2([b % (1 << out) for b in basis], out),
    st.integers(0, 5),
    st.lists(st.integers(0, 31), max_size=5),
)


def image_of(linear):
    return [linear(i) for i in range(1 << linear.in_bits)]


@QUICK
@given(linear_maps, linear_maps)
def test_linear_algebra_by_enumeration(lhs, rhs):
    image = image_of(lhs)
    assert [lhs(a ^ b) for a in range(len(image)) for b in (1, 3) if b < len(image)] == [
        image[a] ^ image[b] for a in range(len(image)) for b in (1, 3) if b < len(image)
    ]
    assert 1 << lhs.rank == len(set(image))
    spanned = {0}
    for vector in lhs.kernel:
        spanned |= {x ^ vector for x in spanned}
    assert spanned == {i for i, v in enumerate(image) if v == 0}
    if rhs.out_bits <= lhs.in_bits:
        assert image_of(lhs.compose(rhs)) == [image[v] for v in image_of(rhs)]
    else:
        with pytest.raises(ValueError, match="cannot compose"):
            lhs.compose(rhs)


@QUICK
@given(linear_maps)
def test_linear_inverses(linear):
    image = image_of(linear)
    onto = len(set(image)) == 1 << linear.out_bits
    if onto:
        section = linear.right_inverse()
        assert [linear(section(v)) for v in range(1 << linear.out_bits)] == list(
            range(1 << linear.out_bits)
        )
    else:
        with pytest.raises(ValueError, match="not onto"):
            linear.right_inverse()
    if onto and linear.in_bits == linear.out_bits:
        inverse = linear.inverse()
        assert [inverse(v) for v in image] == list(range(len(image)))
    else:
        with pytest.raises(ValueError, match="has no inverse"):
            linear.inverse()


def test_a_linear_map_that_is_no_swizzle():
    # Every bit feeds two others in a ring: no single swizzle untangles it.
    tangled = LinearF2([0b011, 0b110, 0b100], 3)
    assert tangled.to_layout() is None
    with pytest.raises(ValueError, match="no swizzle of a shape:stride layout"):
        tangled.to_composed()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cute.Swizzle(3, 0, 2), r"\|shift\| >= bits"),
        (lambda: cute.Swizzle(-1, 0, 2), "bits >= 0"),
        (lambda: cute.Swizzle(20, 30, 20), "<= 62"),
        (lambda: cute.Swizzle(1, 0, 1)(-1), "negative index -1"),
        (lambda: cute.Swizzle(1, 0, 1).recast(8, 16), "has no form on elements of 16 bits"),
        (lambda: cute.Swizzle(1, 0, 1).recast(8, 12), "has no form"),
        (lambda: cute.ComposedLayout(cute.Swizzle(0, 0, 0), -1, cute.Layout(4)), "non-negative"),
        (lambda: cute.ComposedLayout(cute.Swizzle(0, 0, 0), 0, cute.Layout(4, -1)), "non-negative"),
        (
            lambda: cute.ComposedLayout(cute.Swizzle(0, 0, 0), 0, cute.Layout(4, 2)).inverse(),
            "no bijection",
        ),
        (
            lambda: cute.ComposedLayout(cute.Swizzle(1, 0, 1), 1, cute.Layout(4)).inverse(),
            "its offset is 1",
        ),
        (lambda: LinearF2.from_layout(cute.Layout((4, 3))), "the mode 3:4 needs a power-of-two"),
        (lambda: LinearF2.from_layout(cute.Layout((4, 2), (1, 3))), "the mode 2:3 carries"),
        (lambda: LinearF2.from_swizzle(cute.Swizzle(2, 1, 2), 4), "needs 5 bits"),
        (
            lambda: cute.cosize(cute.ComposedLayout(cute.Swizzle(1, 0, 1), 0, cute.Layout(2**26))),
            "would enumerate the 67108864 elements",
        ),
        (lambda: LinearF2([4], 2), "the image 4 does not fit"),
        (lambda: LinearF2([1], 1)(2), "the index 2 does not fit"),
    ],
)
def test_misuse_is_rejected(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_printing():
    assert str(cute.Swizzle(3, 4, 3)) == "Swizzle<3,4,3>"
    assert str(LinearF2([1, 3], 2)) == "F2[1,3]->2"
    assert leaves(cute.ComposedLayout(cute.Swizzle(0, 0, 0), 0, cute.Layout((2, 3))).shape) == [
        2,
        3,
    ]
