"""The order of blocks and tiles on the simulator and on the GPU: each is visited exactly once."""

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine
from tilescale.testing import evaluator


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def swizzled(columns, rows, panel, order):
    @T.prim_func
    def visit(C: T.Tensor((rows, columns), "int32"), N: T.Tensor((rows, columns), "int32")):
        with T.Kernel(columns, rows, threads=32) as (bx, by):
            T.use_swizzle(panel, order=order)
            T.atomic_add(C[by, bx], 1)
            tx = T.get_thread_binding(0)
            if tx == 0:
                N[by, bx] = by * columns + bx

    return visit


@pytest.mark.parametrize("order", ["row", "column"])
@pytest.mark.parametrize(
    ("columns", "rows", "panel"), [(5, 7, 3), (4, 4, 4), (3, 8, 10), (1, 6, 2)]
)
def test_swizzle_visits_each_block_once(columns, rows, panel, order):
    counts, numbers = np.zeros((rows, columns), np.int32), np.zeros((rows, columns), np.int32)
    func = swizzled(columns, rows, panel, order)
    machine.build(func)(counts, numbers)
    assert (counts == 1).all()
    np.testing.assert_array_equal(numbers.ravel(), np.arange(columns * rows))


def test_swizzle_needs_two_dimensions():
    @T.prim_func
    def line(C: T.Tensor((8,), "int32")):
        with T.Kernel(8, threads=32) as bx:
            T.use_swizzle(4)
            C[bx] = bx

    out = np.zeros(8, np.int32)
    machine.build(line)(out)
    np.testing.assert_array_equal(out, np.arange(8))


@pytest.mark.parametrize("programs", [1, 3, 4, 20])
@pytest.mark.parametrize("domain", [(5, 3), (4, 4), (1, 7)])
def test_persistent_visits_each_tile_once(domain, programs):
    rows, columns = domain

    @T.prim_func
    def visit(C: T.Tensor((rows, columns), "int32")):
        with T.Kernel(programs, threads=32) as bx:
            for i, j in T.Persistent([rows, columns], programs, bx, group_size=2):
                T.atomic_add(C[i, j], 1)

    counts = np.zeros(domain, np.int32)
    machine.build(visit)(counts)
    assert (counts == 1).all()


def test_tile_scheduler():
    @T.prim_func
    def visit(C: T.Tensor((5, 7), "int32")):
        with T.Kernel(4, threads=32) as bx:
            tiles = T.PersistentTileScheduler(5, 7, 4, swizzle_size=2)
            tiles.init(bx)
            while tiles.valid():
                T.atomic_add(C[tiles.m_idx, tiles.n_idx], 1)
                tiles.next_tile()

    counts = np.zeros((5, 7), np.int32)
    machine.build(visit)(counts)
    assert (counts == 1).all()


def test_tensors_that_may_overlap():
    @T.prim_func
    def shift(
        A: T.Tensor((64,), "int32"), B: T.Tensor((64,), "int32"), C: T.Tensor((64,), "int32")
    ):
        with T.Kernel(1, threads=32):
            T.annotate_restrict_buffers(A, C)
            for i in T.Parallel(64):
                C[i] = A[i] + B[i]

    source = machine.source(shift)
    assert "int32_t* A, int32_t* __restrict__ B, int32_t* C)" in source
    values, addend = np.arange(64, dtype=np.int32), np.full(64, 5, np.int32)
    machine.build(shift)(values, addend, values)
    np.testing.assert_array_equal(values, np.arange(64) + 5)


@pytest.mark.parametrize("arch", ["sm_75", "sm_80"])
@pytest.mark.parametrize("stages", [1, 2, 3])
def test_a_pipeline_starts_again_for_each_tile_of_a_persistent_loop(stages, arch):
    @T.prim_func
    def sums(A: T.Tensor((96, 80), "float32"), B: T.Tensor((96, 32), "float32")):
        with T.Kernel(2, threads=32) as bx:
            tile = T.alloc_shared((32, 16), "float32")
            total = T.alloc_fragment((32, 16), "float32")
            for i, j in T.Persistent([3, 2], 2, bx):
                T.clear(total)
                for k in T.Pipelined(5, num_stages=stages):
                    T.copy(A[i * 32, k * 16], tile)
                    for r, c in T.Parallel(32, 16):
                        total[r, c] += tile[31 - r, 15 - c] * (j + 1)
                T.copy(total, B[i * 32, j * 16])

    a = np.random.default_rng(0).integers(-8, 8, (96, 80)).astype(np.float32)
    actual, expected = np.zeros((96, 32), np.float32), np.zeros((96, 32), np.float32)
    evaluator.run(sums, [a, expected], check_programs=False)
    machine.build(sums, arch)(a, actual)
    assert expected.any()
    np.testing.assert_array_equal(actual, expected)
