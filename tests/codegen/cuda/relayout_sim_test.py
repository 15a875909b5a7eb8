"""Copies between fragments of any two layouts: registers, shuffles or shared memory."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import layout as tl
from tilescale.layout import cute


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def relayout(shape, dtype, source, target, threads):
    """Fills a fragment of one layout, copies it into one of the other, and writes that."""

    @T.prim_func
    def relayout(A: T.Tensor(shape, dtype), B: T.Tensor(shape, dtype)):
        with T.Kernel(1, threads=threads):
            a = T.alloc_fragment(shape, dtype)
            b = T.alloc_fragment(shape, dtype)
            T.annotate_layout({a: source, b: target})
            T.copy(A, a)
            T.copy(a, b)
            T.copy(b, B)

    return relayout


def run(func, shape, dtype):
    """Whether all elements arrive; the generated text."""
    values = (np.arange(np.prod(shape)) % 251 - 125).reshape(shape).astype(dtype)
    result = np.zeros_like(values)
    machine.build(func)(values, result)
    np.testing.assert_array_equal(result, values)
    return machine.source(func)


def from_bits(shape, order, lane_bits, warp_bits):
    """Bit `order[i]` of the row-major position is bit i of (lane, warp, value)."""
    bits = len(order)
    position = np.zeros(1 << bits, dtype=int)
    for i, bit in enumerate(order):
        position += ((np.arange(1 << bits) >> i) & 1) << bit
    threads = lane_bits + warp_bits
    strides = [1 << bit for bit in order]
    # Fragments count the first dimension fastest.
    rows, columns = shape
    flat = [s // columns if s >= columns else s * rows for s in strides]
    return tl.Fragment.from_thread_value(
        shape,
        cute.Layout(
            ((2,) * threads, (2,) * (bits - threads)),
            (tuple(flat[:threads]), tuple(flat[threads:])),
        ),
    )


@st.composite
def conversions(draw):
    """Two layouts of one tile whose conversion may or may not stay inside the warps."""
    bits = draw(st.integers(6, 9))
    warp_bits = draw(st.integers(0, 1))
    inside = draw(st.booleans())
    order = draw(st.permutations(range(bits)))
    warp = order[5 : 5 + warp_bits]
    rest = [bit for bit in order if bit not in warp]
    other = draw(st.permutations(rest if inside else range(bits)))
    if inside:
        other = [*other[:5], *warp, *other[5:]]
    rows = 1 << draw(st.integers(0, bits))
    dtype = draw(st.sampled_from(["float32", "float16", "int8", "int64"]))
    return (rows, (1 << bits) // rows), list(order), list(other), warp_bits, inside, dtype


@settings(max_examples=25, deadline=None, derandomize=True)
@given(conversions())
def test_any_conversion_keeps_the_tensor(case):
    shape, order, other, warp_bits, inside, dtype = case
    source, target = (from_bits(shape, bits, 5, warp_bits) for bits in (order, other))
    threads = 32 << warp_bits
    text = run(relayout(shape, dtype, source, target, threads), shape, dtype)
    method = source.convert_to(target).method
    if method == "shuffle" and 2 * len(order) <= 14:
        assert "shfl" in text and "sync_block" not in text, text
    assert method != "shared" or not inside


def quads(columns, width, warps=1):
    """16 rows of `columns`, `width` neighbours in each lane of a quad, as mma's operands."""
    rows = 16 * warps
    chunks = columns // (4 * width)
    return tl.Fragment.from_thread_value(
        (rows, columns),
        cute.Layout(
            ((4, 8, warps), (width, 2, chunks)),
            ((rows * width, 1, 16), (rows, 8, 4 * width * rows)),
        ),
    )


@pytest.mark.parametrize(
    ("dtype", "warps", "columns"), [("int8", 1, 32), ("float16", 3, 48), ("float32", 2, 96)]
)
def test_quads_exchange_their_columns(columns, dtype, warps):
    """An accumulator of two neighbours in a lane, an operand of four: shuffles inside the quads."""
    func = relayout(
        (16 * warps, columns), dtype, quads(columns, 2, warps), quads(columns, 4, warps), 128
    )
    text = run(func, (16 * warps, columns), dtype)
    assert "shfl" in text
    assert "sync_block" not in text


def test_warps_meet_in_shared_memory():
    rows = tl.Fragment.from_thread_value((32, 64), cute.Layout((64, 32), (32, 1)))
    columns = tl.Fragment.from_thread_value((32, 64), cute.Layout((32, 64), (1, 32)))
    text = run(relayout((32, 64), "float32", rows, columns, 64), (32, 64), "float32")
    assert "sync_block" in text and "shfl" not in text


def test_registers_that_move_inside_their_threads_need_no_shuffle():
    one = tl.Fragment.from_thread_value((32, 4), cute.Layout((32, (2, 2)), (1, (32, 64))))
    other = tl.Fragment.from_thread_value((32, 4), cute.Layout((32, (2, 2)), (1, (64, 32))))
    text = run(relayout((32, 4), "float32", one, other, 32), (32, 4), "float32")
    assert "shfl" not in text and "sync_block" not in text


def test_a_product_of_the_result_of_a_product_in_8_bits():
    """The accumulator of one product is the operand A of the next: quads exchange bytes."""

    @T.prim_func
    def chain(
        A: T.Tensor((64, 32), "float8_e4m3fn"),
        B: T.Tensor((32, 32), "float8_e4m3fn"),
        C: T.Tensor((64, 32), "float32"),
    ):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((64, 32), "float8_e4m3fn")
            b = T.alloc_shared((32, 32), "float8_e4m3fn")
            s = T.alloc_fragment((64, 32), "float32")
            p = T.alloc_fragment((64, 32), "float8_e4m3fn")
            o = T.alloc_fragment((64, 32), "float32")
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, s, transpose_B=True, clear_accum=True, policy=T.GemmWarpPolicy.FullRow)
            T.copy(s, p)
            T.gemm(p, b, o, transpose_B=True, clear_accum=True, policy=T.GemmWarpPolicy.FullRow)
            T.copy(o, C)

    source = tilescale.lower(chain, target="cuda -arch=sm_89").kernel_source
    assert "shfl" in source
    rng = np.random.default_rng(0)
    e4m3 = ml_dtypes.float8_e4m3fn
    a, b = (rng.integers(-1, 2, shape).astype(e4m3) for shape in ((64, 32), (32, 32)))
    c = np.zeros((64, 32), np.float32)
    machine.build(chain, "sm_89")(a, b, c)
    s = a.astype(np.float32) @ b.astype(np.float32).T
    np.testing.assert_array_equal(c, s.astype(e4m3).astype(np.float32) @ b.astype(np.float32).T)
