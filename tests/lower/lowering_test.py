"""The CPU's loops for each tile operator against the evaluator, bit by bit on small integers."""

import itertools

import numpy as np
import pytest
from irbuild import Kernel, const, region

import tilescale
from tilescale import ir
from tilescale.testing import evaluator


def values(shape, dtype, seed=0):
    low = 0 if dtype.startswith("u") else -3
    return np.random.default_rng(seed).integers(low, 4, shape).astype(dtype)


def agree(func, *args):
    """Runs both; the outputs must have the same bits. Returns the first."""
    expected = evaluator.evaluate(func, [a.copy() for a in args])
    got = tilescale.compile(func)(*[a.copy() for a in args])
    got = got if isinstance(got, tuple) else (got,)
    assert len(got) == len(expected)
    for ours, theirs in zip(got, expected, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    return got[0]


def gemm_kernel(m, n, k, types, trans_a, trans_b, clear):
    a_type, b_type, c_type = types
    kernel = Kernel()
    a_shape, b_shape = (k, m) if trans_a else (m, k), (n, k) if trans_b else (k, n)
    a, b = kernel.input("A", a_shape, a_type), kernel.input("B", b_shape, b_type)
    old, c = kernel.input("Old", [m, n], c_type), kernel.output("C", [m, n], c_type)
    tiles = [kernel.alloc(s, t) for s, t in ((a_shape, a_type), (b_shape, b_type))]
    acc = kernel.alloc([m, n], c_type, "fragment")
    for src, dst in ((a, tiles[0]), (b, tiles[1]), (old, acc)):
        kernel.copy(src, dst)
    operands = [region(x) for x in (*tiles, acc)]
    kernel.add(ir.op.Gemm(*operands, trans_a, trans_b, clear, {}, None))
    kernel.copy(acc, c)
    args = [values(a_shape, a_type), values(b_shape, b_type, 1), values((m, n), c_type, 2)]
    return kernel.function(), args


SHAPES = [(1, 1, 1), (8, 32, 4), (9, 33, 5), (4, 31, 7), (3, 70, 1), (16, 16, 0), (0, 4, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("trans", list(itertools.product((False, True), repeat=2)))
def test_gemm_shapes_and_transposes(shape, trans):
    types = ("float32", "float32", "float32")
    func, args = gemm_kernel(*shape, types, *trans, clear=False)
    agree(func, *args)


@pytest.mark.parametrize(
    "types",
    [
        ("float16", "float16", "float32"),
        ("float16", "float32", "float32"),
        ("float16", "float16", "float16"),
        ("int8", "int8", "int32"),
        ("uint8", "int8", "int32"),
        ("int32", "int32", "int32"),
        ("int64", "int64", "int64"),
        ("float64", "float64", "float64"),
        ("float32", "float64", "float64"),
    ],
)
@pytest.mark.parametrize("clear", [False, True])
def test_gemm_types(types, clear):
    func, args = gemm_kernel(9, 35, 6, types, False, True, clear)
    agree(func, *args)


@pytest.mark.parametrize("clear", [False, True])
def test_a_gemm_without_products(clear):
    types = ("float32", "float32", "float32")
    func, args = gemm_kernel(4, 4, 0, types, False, False, clear)
    out = agree(func, *args)
    np.testing.assert_array_equal(out, np.zeros((4, 4)) if clear else args[2])


def test_gemm_of_parts_of_buffers():
    k = Kernel()
    a, b, c = k.input("A", [3, 8, 8]), k.input("B", [8, 40]), k.output("C", [8, 40])
    tiles, right = k.alloc([3, 8, 8]), k.alloc([8, 40])
    acc = k.alloc([8, 40], scope="fragment")
    k.copy(a, tiles)
    k.copy(b, right)
    k.fill(acc, 0.0)
    with k.serial(3) as i:
        part = region(tiles, [i, 0, 0], [1, 8, 8])
        k.add(
            ir.op.Gemm(
                part,
                region(right, [0, 8], [8, 32]),
                region(acc, [0, 8], [8, 32]),
                False,
                False,
                False,
                {},
                None,
            )
        )
    k.copy(acc, c)
    agree(k.function(), values((3, 8, 8), "float32"), values((8, 40), "float32", 1))


def reduce_kernel(shape, dim, kind, dtype, out_type, clear):
    k = Kernel()
    kept = [n for i, n in enumerate(shape) if i != dim] or [1]
    a, old, c = (
        k.input("A", shape, dtype),
        k.input("Old", kept, out_type),
        k.output("C", kept, out_type),
    )
    tile, out = k.alloc(shape, dtype), k.alloc(kept, out_type, "fragment")
    k.copy(a, tile)
    k.copy(old, out)
    k.add(ir.op.Reduce(region(tile), region(out), dim, kind, clear, False, {}, None))
    k.copy(out, c)
    return k.function()


BITWISE = (ir.op.ReduceKind.BITAND, ir.op.ReduceKind.BITOR, ir.op.ReduceKind.BITXOR)


REDUCE_CASES = [
    (kind, dtype)
    for kind in ir.op.ReduceKind
    for dtype in ("uint8", "int64", "float16", "float32")
    if kind not in BITWISE or not dtype.startswith("f")
]
#: Shape, dimension, clear: along the innermost dimension and along an outer one.
REDUCE_SHAPES = [((5, 37), 1, True), ((2, 3, 4), 1, False)]


@pytest.mark.parametrize(("kind", "dtype"), REDUCE_CASES)
def test_reduce(kind, dtype):
    for shape, dim, clear in REDUCE_SHAPES:
        func = reduce_kernel(shape, dim, kind, dtype, dtype, clear)
        kept = tuple(n for i, n in enumerate(shape) if i != dim)
        agree(func, values(shape, dtype), values(kept, dtype, 1))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
@pytest.mark.parametrize("dim", [0, 1])
def test_reduce_of_nothing_gives_the_identity(shape, dim):
    kind = ir.op.ReduceKind.MAX
    kept = tuple(n for i, n in enumerate(shape) if i != dim)
    func = reduce_kernel(shape, dim, kind, "int32", "int32", True)
    out = agree(func, values(shape, "int32"), values(kept, "int32"))
    assert (out == np.iinfo(np.int32).min).all()


def test_max_ignores_nan_unless_asked():
    for propagate in (False, True):
        k = Kernel()
        a, c = k.input("A", [4]), k.output("C", [1])
        tile, out = k.alloc([4]), k.alloc([1])
        k.copy(a, tile)
        kind = ir.op.ReduceKind.MAX
        k.add(ir.op.Reduce(region(tile), region(out), 0, kind, True, propagate, {}, None))
        k.copy(out, c)
        result = tilescale.compile(k.function())(np.array([1, np.nan, 3, 2], np.float32))
        assert np.isnan(result[0]) if propagate else result[0] == 3


@pytest.mark.parametrize("kind", list(ir.op.ScanKind))
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", ["int32", "float16"])
def test_scan(kind, reverse, dtype):
    for shape, dim in (((5, 9), 1), ((5, 9), 0), ((1, 0), 1)):
        for in_place in (False, True):
            k = Kernel()
            a, c = k.input("A", shape, dtype), k.output("C", shape, dtype)
            tile = k.alloc(shape, dtype)
            out = tile if in_place else k.alloc(shape, dtype)
            k.copy(a, tile)
            k.add(ir.op.Scan(region(tile), region(out), dim, kind, reverse, {}, None))
            k.copy(out, c)
            agree(k.function(), values(shape, dtype))


def test_a_scan_that_leaves_the_buffer_keeps_counting():
    k = Kernel()
    a = k.input("A", [8], "int32")
    c = k.param(ir.Buffer("C", "int32", [const(5)], [], "global"), "input")
    tile = k.alloc([8], "int32")
    k.copy(a, tile)
    out = region(c, [0], [8])
    k.add(ir.op.Scan(region(tile), out, 0, ir.op.ScanKind.SUM, True, {}, None))
    result = np.zeros(5, np.int32)
    tilescale.compile(k.function())(np.arange(8, dtype=np.int32), result)
    assert result.tolist() == [28, 28, 27, 25, 22]


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "float32", "float64", "float16"])
@pytest.mark.parametrize("kind", [ir.op.AtomicKind.ADD, ir.op.AtomicKind.MAX, ir.op.AtomicKind.MIN])
def test_atomics_of_many_programs(kind, dtype):
    k = Kernel()
    b = ir.Var("b", "int32")
    a = k.input("A", [64, 5], dtype)
    c = k.param(ir.Buffer("C", dtype, [const(5)], [], "global"), "input")
    tile = k.alloc([1, 5], dtype)
    k.copy(region(a, [b, 0], [1, 5]), tile)
    k.add(ir.op.Atomic(region(c), region(tile), kind, {}, None))
    data, out = values((64, 5), dtype), values((5,), dtype, 1)
    combine = {0: np.add, 1: np.maximum, 2: np.minimum}[int(kind)]
    expected = combine(out, combine.reduce(data, axis=0, dtype=dtype))
    tilescale.compile(k.function([(b, const(64))]))(data, out)
    np.testing.assert_array_equal(out, expected)


def test_transpose_and_fill():
    k = Kernel()
    a, c = k.input("A", [5, 7], "int32"), k.output("C", [7, 6], "int32")
    tile, turned = k.alloc([5, 7], "int32"), k.alloc([7, 6], "int32")
    k.copy(a, tile)
    k.fill(turned, 9)
    k.add(ir.op.Transpose(region(tile), region(turned, [0, 1], [7, 5]), {}, None))
    k.copy(turned, c)
    data = values((5, 7), "int32")
    out = agree(k.function(), data)
    assert (out[:, 1:] == data.T).all()
    assert (out[:, 0] == 9).all()


def test_a_fill_reads_its_value_once():
    k = Kernel()
    c = k.input("C", [4], "int32")
    k.add(ir.op.Fill(region(c), ir.Load(c, [const(2)]) + 1, {}, None))
    out = np.arange(4, dtype=np.int32)
    tilescale.compile(k.function())(out)
    assert out.tolist() == [3, 3, 3, 3]


def test_reducers_collect_over_loops():
    k = Kernel()
    a, c = k.input("A", [6, 4], "int32"), k.output("C", [4], "int32")
    acc = k.alloc([4], "int32", "reducer")
    kind = ir.op.ReduceKind.SUM
    k.add(ir.op.ReducerInit(acc, kind, {}, None))
    with k.parallel(6, 4) as (i, j):
        k.add(ir.op.ReducerUpdate(acc, [j], ir.Load(a, [i, j]), kind, {}, None))
    k.add(ir.op.ReducerFinalize(acc, region(c), kind, {}, None))
    data = values((6, 4), "int32")
    assert agree(k.function(), data).tolist() == data.sum(axis=0).tolist()


def test_in_place_elementwise_of_one_array():
    # An output that is exactly an input is right elementwise.
    k = Kernel()
    a = k.input("A", [100])
    b = k.input("B", [100])
    with k.parallel(100) as i:
        k.store(b, [i], ir.Load(a, [i]) * 2.0)
    data = np.arange(100, dtype=np.float32)
    tilescale.compile(k.function())(data, data)
    assert (data == np.arange(100) * 2).all()
