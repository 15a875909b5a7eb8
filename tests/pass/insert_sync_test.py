"""Barriers: those of the user's own count, none stands twice."""

import pytest

import tilescale
import tilescale.language as T


def exchange(barrier):
    """Each element comes from where another thread wrote it."""

    @T.prim_func
    def kernel(A: T.Tensor((64,), "int32"), B: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((64,), "int32")
            for i in T.Parallel(64):
                s[i] = A[i]
            barrier()
            for i in T.Parallel(64):
                B[i] = s[63 - i]

    return kernel


def barriers(barrier):
    source = tilescale.lower(exchange(barrier), target="cuda -arch=sm_80").kernel_source
    return [line.strip() for line in source.splitlines() if "sync_block()" in line]


def nothing():
    pass


@pytest.mark.parametrize("barrier", [nothing, T.sync_threads])
def test_one_barrier_is_enough(barrier):
    assert len(barriers(barrier)) == 1


def test_a_numbered_barrier_of_the_whole_block_counts():
    assert barriers(lambda: T.sync_threads(1, 64)) == []


def test_a_barrier_of_some_threads_does_not_count():
    assert len(barriers(lambda: T.sync_threads(1, 32))) == 1
