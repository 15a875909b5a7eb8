"""Layouts given as functions, and the named shared-memory layouts."""

import itertools
import types

import numpy as np
import pytest
import tvm_ffi
from brute import QUICK
from hypothesis import given
from hypothesis import strategies as st

from tilescale import ir
from tilescale import layout as tl
from tilescale.layout import cute

FUNCTIONS = [
    lambda i, j: i * 100 + j,
    lambda i, j: [i // 2, j, i % 2],
    lambda i, j: [j, i],
    lambda i, j: (i * 8 + j) ^ (i % 4),
    lambda i, j: [i, (j + i) % 8],
    lambda i, j: [i >> 1, (j << 1) | (i & 1)],
    lambda i, j: [i // 3, i % 3, 7 - j],
]


def row_major(indices, extents):
    flat = 0
    for index, extent in zip(indices, extents, strict=True):
        flat = flat * extent + index
    return flat


def table(fn, shape):
    """Offsets of a function by calling it with ints."""
    points = list(itertools.product(*(range(n) for n in shape)))
    results = [fn(*p) for p in points]
    results = [list(r) if isinstance(r, list) else [r] for r in results]
    extents = [max(column) + 1 for column in zip(*results, strict=True)]
    return extents, [row_major(r, extents) for r in results]


@pytest.mark.parametrize("fn", FUNCTIONS)
@pytest.mark.parametrize("shape", [(4, 8), (6, 8), (5, 7), (1, 8)])
def test_layout_has_the_values_of_its_function(fn, shape):
    layout = tl.Layout(shape, fn)
    extents, offsets = table(fn, shape)
    assert layout.get_input_shape() == list(shape)
    assert layout.get_output_shape() == extents
    assert layout.offsets() == offsets
    point = [n - 1 for n in shape]
    mapped = [ir.as_const_int(e) for e in layout.map_forward_index(point)]
    assert row_major(mapped, extents) == offsets[-1]
    assert len(layout.index) == len(extents) == len(layout(*point))


@pytest.mark.parametrize("fn", FUNCTIONS)
def test_recognition_finds_the_algebra_or_nothing(fn):
    layout = tl.Layout((8, 8), fn)
    composed = layout.to_cute()
    if fn is FUNCTIONS[4] or fn is FUNCTIONS[6]:  # a rotation carries: no XOR does that
        assert composed is None
    else:
        assert [composed((i, j)) for i in range(8) for j in range(8)] == layout.offsets()


@pytest.mark.parametrize("fn", [FUNCTIONS[1], FUNCTIONS[2], FUNCTIONS[3], FUNCTIONS[5]])
@pytest.mark.parametrize("shape", [(4, 8), (8, 8), (6, 8)])
def test_inverse_undoes_the_layout(fn, shape):
    layout = tl.Layout(shape, fn)
    inverse = layout.inverse()
    assert inverse.get_input_shape() == layout.get_output_shape()
    assert inverse.get_output_shape() == list(shape)
    for flat, offset in enumerate(layout.offsets()):
        assert inverse.offsets()[offset] == flat


@QUICK
@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.sampled_from([0, 1, -1, -2]))
def test_repeat_numbers_the_copies_in_front(m, n, factor, dim):
    layout = tl.Layout((m, n), lambda i, j: [j, i])
    repeated = layout.repeat(dim, factor)
    axis = dim % 2
    shape = [m, n]
    shape[axis] *= factor
    assert repeated.get_input_shape() == shape
    for point in itertools.product(*(range(s) for s in shape)):
        copy, inner = point[axis] // [m, n][axis], list(point)
        inner[axis] %= [m, n][axis]
        got = [ir.as_const_int(e) for e in repeated(*point)]
        assert got == [copy, inner[1], inner[0]]


def test_expand_and_reshape():
    layout = tl.Layout((4, 8), lambda i, j: [j, i])
    expanded = layout.expand([3])
    assert expanded.get_input_shape() == [3, 4, 8]
    assert [ir.as_const_int(e) for e in expanded(2, 1, 5)] == [2, 5, 1]
    reshaped = layout.reshape([2, 16])
    assert reshaped.offsets() == layout.offsets()
    halves = layout.reshape([4, 16], 1, 2)
    assert halves.offsets() == [o for o in layout.offsets() for _ in range(2)]
    doubles = layout.reshape([4, 4], 2, 1)
    assert doubles.offsets() == layout.offsets()[::2]


def test_equality_is_of_the_map():
    a = tl.Layout((4, 8), lambda i, j: i * 8 + j)
    b = tl.Layout((4, 8), lambda i, j: j + 8 * i)
    assert a.is_equal(b) and a != b
    assert a == tl.Layout((4, 8), lambda i, j: i * 8 + j)
    assert hash(a) == hash(tl.Layout((4, 8), lambda i, j: i * 8 + j))
    assert not a.is_equal(tl.Layout((4, 8), lambda i, j: j * 4 + i))
    assert not a.is_equal(tl.Layout((32,), lambda i: i))


def test_tables():
    swizzled = tl.make_swizzled_layout([16, 64])
    again = tl.Layout.from_table([16, 64], np.array(swizzled.offsets()).reshape(16, 64))
    assert again.is_equal(swizzled)
    assert tl.Layout.from_table([2, 3], [[0, 2, 4], [1, 3, 5]]).to_cute().layout == cute.Layout(
        (2, 3), (1, 2)
    )


def buffer(shape, dtype):
    return types.SimpleNamespace(shape=shape, dtype=dtype)


def test_buffers_regions_and_shapes_are_accepted():
    tile = ir.Buffer("A", "float16", [ir.const(16, "int32"), ir.const(64, "int32")], [], "shared")
    region = types.SimpleNamespace(buffer=tile)
    expected = tl.make_full_bank_swizzled_layout(16, 64, 16)
    for argument in (tile, region, buffer([16, 64], "float16"), buffer((16, 64), np.float16)):
        if isinstance(getattr(argument, "dtype", None), type):
            argument.dtype = np.dtype(argument.dtype)
        assert tl.make_full_bank_swizzled_layout(argument).is_equal(expected)
        assert tl.make_swizzled_layout(argument).is_equal(expected)


@pytest.mark.parametrize(
    ("shape", "dtype", "swizzle"),
    [
        ((64, 64), "float16", "Swizzle<3,3,3>"),
        ((64, 32), "float16", "Swizzle<2,3,3>"),
        ((64, 16), "float16", "Swizzle<1,3,3>"),
        ((64, 96), "float16", "Swizzle<2,3,3>"),
        ((30, 128), "int8", "Swizzle<3,4,3>"),
        ((8, 32), "float32", "Swizzle<3,2,3>"),
        ((8, 24), "float16", "Swizzle<0,0,0>"),
    ],
)
def test_make_swizzled_layout_takes_the_widest_span(shape, dtype, swizzle):
    layout = tl.make_swizzled_layout(buffer(shape, dtype))
    recognised = str(layout.to_cute().swizzle)
    # A tile with few rows uses only some bits of the swizzle.
    assert recognised == swizzle
    assert len(set(layout.offsets())) == shape[0] * shape[1]


def test_padding_and_linear_fallback():
    padded = tl.make_swizzled_layout([8, 24], dtype="float16")
    assert padded.to_cute().layout == cute.Layout((8, 24), (32, 1))
    linear = tl.make_swizzled_layout([8, 24], allow_pad=False, dtype="float16")
    assert linear.is_equal(tl.make_linear_layout(8, 24))
    batched = tl.make_swizzled_layout([3, 8, 64])
    assert batched.get_output_shape() == [3, 512]
    assert batched.is_equal(tl.make_swizzled_layout([8, 64]).expand([3]))


N = ir.Var("n", "int32")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tl.Layout([N, 4], lambda i, j: i), "constant extents"),
        (lambda: tl.Layout([-1], lambda i: i), "negative extent"),
        (lambda: tl.Layout([2**13, 2**13], lambda i, j: i), "67108864 are more than"),
        (lambda: tl.Layout([4], lambda i: i - 1), "`i0-1`, takes the negative value -1"),
        (lambda: tl.Layout([4], lambda i: i + N), "variable `n`, which is no index"),
        (lambda: tl.Layout([4], lambda i: i // (i - i)), "divides by zero"),
        (lambda: tl.Layout([4], lambda i: 1 << (i + 80)), "shifts by 80"),
        (lambda: tl.Layout([4], lambda i: i.astype("float32")), "integer arithmetic"),
        (lambda: tl.Layout([4, 4], lambda i, j: i).inverse(), "16 elements into 4 places"),
        (lambda: tl.Layout([8, 8], FUNCTIONS[4]).inverse(), "no closed inverse"),
        (lambda: tl.Layout([4], lambda i: i).repeat(1, 2), "cannot repeat dimension 1"),
        (lambda: tl.Layout([4], lambda i: i).repeat(0, 0), "0 times"),
        (lambda: tl.Layout([4], lambda i: i).reshape([3]), "cannot view the 4 elements"),
        (lambda: tl.Layout([4], lambda i: i).map_forward_index([1, 2]), "cannot map 2 indices"),
        (lambda: tl.Layout.from_table([3], [0, 1]), "3 elements cannot come from a table of 2"),
        (lambda: tl.Layout.from_table([3], [0, 1, -1]), "negative offset"),
        (lambda: tl.Layout.from_table([5], [0, 2, 1, 4, 3]), "no swizzle of a shape:stride layout"),
        (lambda: tl.make_linear_layout([8]), "two dimensions"),
    ],
)
def test_misuse_is_rejected(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_wrong_argument_counts():
    with pytest.raises(TypeError, match="1 or 3 arguments"):
        tl.make_full_bank_swizzled_layout(8, 64)


@pytest.mark.parametrize(
    "value",
    [
        *(tl.Layout((4, 8), fn) for fn in FUNCTIONS),
        tl.Layout((4, 4), lambda i, j: ir.make_select(i < j, i * 4 + j, j * 4 + i)),
        tl.Layout((4, 4), lambda i, j: (i.astype("int64") * 4 + j).astype("int32")),
        tl.make_swizzled_layout([64, 64]),
        tl.make_gemm_fragment_8x8(),
        tl.Fragment([3], forward_fn=lambda i, rep: (2 * i * i + rep, 0), replicate=2),
        tl.Fragment.from_thread_value([5], cute.Layout((4, 2), (1, 4)), padded=[8]),
    ],
)
def test_layouts_survive_serialization(value):
    text = tvm_ffi.serialization.to_json_graph_str(value)
    again = tvm_ffi.serialization.from_json_graph_str(text)
    assert type(again) is type(value)
    assert again == value and again.is_equal(value) and hash(again) == hash(value)
    assert str(again) == str(value)
