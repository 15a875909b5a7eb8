"""Barriers before loads of matrices: each lane names a row, which says what its warp reads."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import thread_sim
from tilescale.sim.mutate import mutate

WARPS = 2
N = 32 * WARPS
KIND = "float16"
BLOCK = "ts::sync_block();"
WARP = "ts::sync_warp();"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def kernel(read, again):
    """Each warp writes 8 rows of 8 elements and reads those of warp `read(warp)`.

    With `again` it then writes rows 8 and up of its own, which nobody reads.
    """

    @T.prim_func
    def program(A: T.Tensor((WARPS, 8, 8), KIND), B: T.Tensor((WARPS, 8, 8), KIND)):
        with T.Kernel(1, threads=N):
            tx = T.get_thread_binding(0)
            warp, lane = tx // 32, tx % 32
            tile = T.alloc_shared((WARPS, 16, 8), KIND)
            mine = T.alloc_local((2,), KIND)
            row, column = lane // 4, lane % 4 * 2
            tile[warp, row, column] = A[warp, row, column]
            tile[warp, row, column + 1] = A[warp, row, column + 1]
            T.ptx_ldmatrix(False, 1, tile[read(warp), lane % 8, 0], mine)
            if again:
                tile[warp, 8 + row, column] = 0
            B[read(warp), row, column] = mine[0]
            B[read(warp), row, column + 1] = mine[1]

    return program


# name: whose rows, whether others are written behind, barriers of the block and of warps
PROGRAMS = {
    "own rows": (lambda warp: warp, False, 0, 1),
    "rows of another warp": (lambda warp: WARPS - 1 - warp, False, 1, 0),
    "rows that nobody writes any more": (lambda warp: warp, True, 0, 1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_rows_are_compared(name):
    read, again, block, warp = PROGRAMS[name]
    lowered = thread_sim.lower(kernel(read, again), arch="sm_80")
    source = lowered.kernel_source
    assert (source.count(BLOCK), source.count(WARP)) == (block, warp), source
    a = np.arange(WARPS * 64).reshape(WARPS, 8, 8).astype(np.float16)
    for policy in ("round_robin", "random", "adversarial"):
        b = np.zeros_like(a)
        thread_sim.launch(lowered, [a, b], policy=policy, seed=3).check()
        np.testing.assert_array_equal(b, a)

    def run(text, **options):
        return thread_sim.launch(lowered, [a, np.zeros_like(a)], source=text, **options)

    rows = mutate(source, run).rows
    assert len(rows) == 1
    assert rows[0].verdict == "reported", rows
