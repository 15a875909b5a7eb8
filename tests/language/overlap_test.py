"""Copies inside one buffer, and grids that depend on scalar parameters."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run


@pytest.mark.parametrize("space", ["global", "shared"])
@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 0), (2, 2), (0, 5)])
def test_an_overlapping_copy_reads_all_before_it_writes(space, source, target):
    count = 4

    @T.prim_func
    def kernel(A: T.Tensor((9,), "int32")):
        with T.Kernel(1):
            if space == "global":
                T.copy(A[source : source + count], A[target : target + count])
            else:
                tile = T.alloc_shared((9,), "int32")
                T.copy(A, tile)
                T.copy(tile[source : source + count], tile[target : target + count])
                T.copy(tile, A)

    a = np.arange(1, 10, dtype=np.int32)
    expected = a.copy()
    expected[target : target + count] = a[source : source + count]
    kernel_run.run(kernel, [a])
    np.testing.assert_array_equal(a, expected)


def test_a_grid_may_depend_on_scalars():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32"), rows: T.int32, count: T.int64):
        with T.Kernel(rows, T.ceildiv(count, rows)) as (i, j):
            A[i * 2 + j] = rows + j

    a = np.zeros(8, np.int32)
    kernel_run.run(kernel, [a, 3, 5])
    np.testing.assert_array_equal(a, [3, 4, 3, 4, 3, 4, 0, 0])
