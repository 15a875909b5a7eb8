"""Fragments in registers: loops, reductions and copies under any layout."""

from __future__ import annotations

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine
from tilescale import layout as tl
from tilescale.layout import cute
from tilescale.testing import evaluator

THREADS = (32, 64, 96, 128, 160, 256)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def check(func, tensors, rtol=1e-3, atol=1e-3):
    """Runs `func` and compares with the evaluator; returns its source."""
    expected = [tensor.copy() for tensor in tensors]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func)(*tensors)
    for actual, wanted in zip(tensors, expected, strict=True):
        np.testing.assert_allclose(
            actual.astype(np.float64), wanted.astype(np.float64), rtol=rtol, atol=atol
        )
    return machine.source(func)


def accumulator(rows, columns, warps_m, warps_n):
    """The layout of a product's accumulator: 16 x 8 tiles of a warp, spread over the warps."""
    m, n = rows // 16 // warps_m, columns // 8 // warps_n
    threads = cute.Layout(((4, 8), (warps_m, warps_n)), ((2 * rows, 1), (16 * m, 8 * n * rows)))
    values = cute.Layout(((2, 2), (n, m)), ((rows, 8), (8 * rows, 16)))
    flat = cute.Layout(
        (threads.shape, values.shape),
        (threads.stride, values.stride),
    )
    return tl.Fragment.from_thread_value((rows, columns), flat)


def random_tile(rng, shape, dtype):
    if "int" in dtype:
        return rng.integers(-20, 20, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


REDUCTIONS = [
    ((48, 7), 1, "sum", "int32", 96),
    ((7, 48), 0, "max", "float32", 96),
    ((100,), 0, "sum", "int32", 96),
    ((48, 100), 1, "absmax", "float32", 160),
    ((64, 64), 1, "max", "float16", 128),
    ((64, 64), 0, "sum", "float32", 128),
    ((1, 1000), 1, "sum", "float32", 256),
    ((3, 5, 8), 1, "sum", "int32", 64),
    ((4, 6, 16), 2, "min", "int32", 32),
    # 20 teams deal 22 rows, which end inside the box of the rounds.
    ((2, 11, 8), 2, "min", "int32", 160),
    ((16, 16), 1, "sum", "int64", 64),
    ((33, 12), 1, "abssum", "float32", 96),
    ((128, 32), 1, "bitxor", "int32", 128),
]


@pytest.mark.parametrize("clear", [True, False])
@pytest.mark.parametrize(("shape", "dim", "kind", "dtype", "threads"), REDUCTIONS, ids=str)
def test_reductions(shape, dim, kind, dtype, threads, clear):
    kept = tuple(extent for d, extent in enumerate(shape) if d != dim) or (1,)
    reduce = getattr(T, f"reduce_{kind}")

    @T.prim_func
    def kernel(
        X: T.Tensor(shape, dtype),
        S: T.Tensor(kept, dtype),
        Z: T.Tensor(kept, dtype),
    ):
        with T.Kernel(1, threads=threads):
            x = T.alloc_fragment(shape, dtype)
            s = T.alloc_fragment(kept, dtype)
            T.copy(X, x)
            T.copy(S, s)
            reduce(x, s, dim=dim, clear=clear)
            T.copy(s, Z)

    rng = np.random.default_rng(1)
    tensors = [random_tile(rng, s, dtype) for s in (shape, kept, kept)]
    source = check(kernel, tensors, rtol=2e-2, atol=2e-2)
    assert "// x: registers" in source and "// s: registers" in source


@pytest.mark.parametrize(("warps", "threads"), [((1, 1), 32), ((4, 1), 128), ((2, 2), 160)])
def test_softmax_of_an_accumulator(warps, threads):
    rows, columns = 64, 32

    @T.prim_func
    def kernel(X: T.Tensor((rows, columns), "float32"), Y: T.Tensor((rows, columns), "float16")):
        with T.Kernel(1, threads=threads):
            x = T.alloc_fragment((rows, columns), "float32")
            y = T.alloc_fragment((rows, columns), "float16")
            largest = T.alloc_fragment((rows,), "float32")
            total = T.alloc_fragment((rows,), "float32")
            T.annotate_layout({x: accumulator(rows, columns, *warps)})
            T.copy(X, x)
            T.reduce_max(x, largest, dim=1)
            for i, j in T.Parallel(rows, columns):
                x[i, j] = T.exp(x[i, j] - largest[i])
            T.reduce_sum(x, total, dim=1)
            for i in T.Parallel(rows):
                total[i] = 1.0 / total[i]
            for i, j in T.Parallel(rows, columns):
                y[i, j] = x[i, j] * total[i]
            T.copy(y, Y)

    tensors = [
        random_tile(np.random.default_rng(2), (rows, columns), "float32"),
        np.zeros((rows, columns), np.float16),
    ]
    source = check(kernel, tensors)
    assert source.count(": registers") == 4
    if warps[1] == 1:
        assert "sync_block" not in source, "rows stay in their warps"
    assert "X_v[2]" in source, "neighbours of an accumulator move as pairs"


@pytest.mark.parametrize(("shape", "threads"), [((2, 33), 32), ((5, 33), 160)], ids=str)
def test_a_dealt_fragment_read_by_a_transposed_loop(shape, threads):
    """Rows that a table deals get a converted copy, whose loops have layouts that nobody gave."""
    rows, columns = shape

    @T.prim_func
    def kernel(Y: T.Tensor((columns, rows), "int64")):
        with T.Kernel(1, threads=threads):
            x = T.alloc_fragment((rows, columns), "int64")
            y = T.alloc_shared((columns, rows), "int64")
            for i, j in T.Parallel(rows, columns):
                x[i, j] = i * 100 + j
            for i, j in T.Parallel(columns, rows):
                y[i, j] = -x[j, i]
            T.copy(y, Y)

    check(kernel, [np.zeros((columns, rows), np.int64)])


@pytest.mark.parametrize("threads", THREADS)
def test_a_second_layout_is_a_converted_copy(threads):
    """A transposed access, a shift, and a part, which threads do not own."""

    @T.prim_func
    def kernel(
        X: T.Tensor((16, 16), "float32"),
        Y: T.Tensor((16, 16), "float32"),
        Z: T.Tensor((16, 16), "float32"),
    ):
        with T.Kernel(1, threads=threads):
            x = T.alloc_fragment((16, 16), "float32")
            y = T.alloc_fragment((16, 16), "float32")
            T.copy(X, x)
            for i, j in T.Parallel(16, 16):
                y[i, j] = x[j, i] + x[i, j]
            for i, j in T.Parallel(16, 16):
                x[j, i] = y[i, j] * 2 + y[i, (j + 1) % 16]
            for i, j in T.Parallel(8, 16):
                y[i, j] = x[i + 8, j]
            T.copy(x, Y)
            T.copy(y, Z)

    rng = np.random.default_rng(3)
    check(kernel, [random_tile(rng, (16, 16), "float32") for _ in range(3)])


@pytest.mark.parametrize("seed", range(12))
def test_random_layouts_and_loops(seed):
    """Annotated fragments of random shape and order, met by loops that follow either."""
    rng = np.random.default_rng(seed)
    threads = int(rng.choice(THREADS))
    rows, columns = int(rng.choice([8, 12, 16, 48])), int(rng.choice([8, 16, 20, 32]))

    def dealt(order):
        def forward(i, j):
            n = i * columns + j if order else j * rows + i
            return n % threads, n // threads

        return tl.Fragment((rows, columns), forward_fn=forward)

    first, second = dealt(seed % 2), dealt(seed // 2 % 2)
    shift = int(rng.integers(0, columns))

    @T.prim_func
    def kernel(
        X: T.Tensor((rows, columns), "float32"),
        R: T.Tensor((rows,), "float32"),
        Y: T.Tensor((rows, columns), "float32"),
    ):
        with T.Kernel(1, threads=threads):
            x = T.alloc_fragment((rows, columns), "float32")
            y = T.alloc_fragment((rows, columns), "float32")
            r = T.alloc_fragment((rows,), "float32")
            T.annotate_layout({x: first, y: second})
            T.copy(X, x)
            T.copy(R, r)
            for i, j in T.Parallel(rows, columns):
                y[i, j] = x[i, j] * r[i]
            T.reduce_sum(y, r, dim=1, clear=False)
            for i, j in T.Parallel(rows, columns):
                x[i, (j + shift) % columns] = y[i, j] - r[i]
            T.copy(x, Y)

    shapes = [(rows, columns), (rows,), (rows, columns)]
    check(kernel, [random_tile(rng, shape, "float32") for shape in shapes])


def test_a_view_sees_what_other_threads_wrote():
    @T.prim_func
    def kernel(X: T.Tensor((8, 12), "int32"), Y: T.Tensor((12, 8), "int32")):
        with T.Kernel(1, threads=64):
            x = T.alloc_fragment((8, 12), "int32")
            T.copy(X, x)
            flat = T.reshape(x, (96,))
            for i, j in T.Parallel(12, 8):
                Y[i, j] = flat[i * 8 + j]

    tensors = [np.arange(96, dtype=np.int32).reshape(8, 12), np.zeros((12, 8), np.int32)]
    assert "// x: shared memory, because it has a view" in check(kernel, tensors)


def test_single_elements_keep_a_fragment_in_shared_memory():
    @T.prim_func
    def kernel(X: T.Tensor((32,), "float32"), Y: T.Tensor((32,), "float32")):
        with T.Kernel(1, threads=32):
            x = T.alloc_fragment((32,), "float32")
            T.copy(X, x)
            if x[3] > 0:
                for i in T.Parallel(32):
                    x[i] = x[i] + 1
            T.copy(x, Y)

    source = check(kernel, [np.ones(32, np.float32), np.zeros(32, np.float32)])
    assert "// x: shared memory, because it is accessed outside T.Parallel loops" in source
