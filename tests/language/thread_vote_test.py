"""T.any and T.all: of conditions, of lanes, of elements."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run, thread_sim
from tilescale import errors

CONDITIONS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]], np.int32)


def test_conditions_and_elements():
    @T.prim_func
    def joined(A: T.Tensor((4, 3), "int32"), B: T.Tensor((4, 4), "int32")):
        with T.Kernel(4, threads=32) as i:
            tile = T.alloc_shared((3,), "int32")
            T.copy(A[i, 0:3], tile)
            B[i, 0] = T.cast(T.any(A[i, 0] > 0, A[i, 1] > 0, A[i, 2]), "int32")
            B[i, 1] = T.cast(T.all(A[i, 0] > 0, A[i, 1] > 0, A[i, 2]), "int32")
            B[i, 2] = T.cast(T.any(tile), "int32")
            B[i, 3] = T.cast(T.all(tile[0:2]), "int32")

    out = np.zeros((4, 4), np.int32)
    kernel_run.run(joined, [CONDITIONS.copy(), out])
    some, every = CONDITIONS.any(1), CONDITIONS.all(1)
    np.testing.assert_array_equal(out.T, [some, every, some, CONDITIONS[:, :2].all(1)])
    again = np.zeros_like(out)
    thread_sim.run(joined, [CONDITIONS.copy(), again], grid=4)
    np.testing.assert_array_equal(again, out)


def test_votes_of_lanes():
    @T.prim_func
    def votes(A: T.Tensor((64,), "int32"), B: T.Tensor((3, 64), "int32")):
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            B[0, tx] = T.cast(T.any(A[tx] == 40), "int32")
            B[1, tx] = T.cast(T.all(A[tx] < 32), "int32")
            B[2, tx] = T.cast(T.any(A[tx] == 40, mask=0xFFFFFFFF), "int32")

    a, b = np.arange(64, dtype=np.int32), np.zeros((3, 64), np.int32)
    thread_sim.run(votes, [a, b])
    np.testing.assert_array_equal(b, [a // 32, 1 - a // 32, a // 32])


@pytest.mark.parametrize(
    "body", [lambda: T.any(), lambda: T.all(), lambda: T.any(True, False, mask=3)]
)
def test_wrong_arguments(body):
    with pytest.raises(errors.OperatorArgumentError, match="wrong arguments"):

        @T.prim_func
        def kernel(A: T.Tensor((64,), "int32")):
            with T.Kernel(1, threads=32):
                body()
