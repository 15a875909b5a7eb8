"""Barriers: those of the user's own count, none stands twice."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import tilescale
import tilescale.language as T

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


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


def tiles(step):
    """Barriers of tiles of 64 elements that start at each multiple of `step`."""

    @T.prim_func
    def kernel(A: T.Tensor((1024,), "int32"), B: T.Tensor((1024,), "int32")):
        with T.Kernel(1, threads=64):
            for k in T.serial(8):
                for i in T.Parallel(64):
                    B[k * step + i] = A[i] + k

    return tilescale.lower(kernel, target="cuda -arch=sm_80").kernel_source.count("sync_block()")


@pytest.mark.parametrize(("step", "barriers"), [(64, 0), (100, 0), (63, 1), (32, 1)])
def test_tiles_of_any_earlier_iteration_are_compared(step, barriers):
    assert tiles(step) == barriers


def test_rows_that_are_done_tile_by_tile_need_no_barrier():
    spec = importlib.util.spec_from_file_location("softmax", EXAMPLES / "softmax.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    x = np.zeros((77, 1000), np.float32)
    source = example.softmax.with_options(target="sim:sm_80").compile(x).kernel_source
    assert "for (int32_t step_1" in source
    assert "sync_" not in source
