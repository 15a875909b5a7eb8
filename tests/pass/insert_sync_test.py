"""Barriers: those of the user's own count, none stands twice."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.harness import thread_sim
from tilescale.sim.mutate import mutate

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


def persistent(mirrored):
    """Two programs share eight tiles; each element comes from its own or from another thread."""

    @T.prim_func
    def kernel(A: T.Tensor((8, 64), "int32"), B: T.Tensor((8, 64), "int32")):
        with T.Kernel(2, threads=64) as bx:
            s = T.alloc_shared((64,), "int32")
            for k, _ in T.Persistent([8, 1], 2, bx):
                for i in T.Parallel(64):
                    s[i] = A[k, i]
                for i in T.Parallel(64):
                    B[k, i] = s[63 - i if mirrored else i]

    return kernel


@pytest.mark.parametrize(("mirrored", "barriers"), [(True, 2), (False, 0)])
def test_tiles_of_a_persistent_program(mirrored, barriers):
    lowered = thread_sim.lower(persistent(mirrored))
    source = lowered.kernel_source
    assert source.count("sync_block()") == barriers, source
    a = np.arange(512, dtype=np.int32).reshape(8, 64)
    for policy in ("round_robin", "random", "adversarial"):
        b = np.zeros_like(a)
        thread_sim.launch(lowered, [a, b], 2, policy=policy, seed=3).check()
        np.testing.assert_array_equal(b, a[:, ::-1] if mirrored else a)

    def run(text, **options):
        return thread_sim.launch(lowered, [a, np.zeros_like(a)], 2, source=text, **options)

    rows = mutate(source, run).rows
    assert [row.verdict for row in rows] == ["reported"] * barriers
