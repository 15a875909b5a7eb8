"""Functions with several launches, on the evaluator, the CPU target and the simulator."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tilescale import errors
from tilescale.testing.evaluator import evaluate

RNG = np.random.default_rng(0)
TARGETS = ["cpu", "sim:sm_80"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def split_sum(rows, columns, parts):
    """Row sums in two launches: sums of parts, then sums of those."""
    width = columns // parts

    @T.prim_func
    def kernel(
        A: T.Tensor((rows, columns), "float32"),
        Partial: T.Tensor((rows, parts), "float32"),
        Out: T.Tensor((rows,), "float32"),
    ):
        with T.Kernel(parts, threads=32) as part:
            tile = T.alloc_fragment((rows, width), "float32")
            total = T.alloc_fragment((rows,), "float32")
            T.copy(A[:, part * width : (part + 1) * width], tile)
            T.reduce_sum(tile, total, dim=1)
            for i in T.Parallel(rows):
                Partial[i, part] = total[i]
        with T.Kernel(1, threads=64):
            tile = T.alloc_fragment((rows, parts), "float32")
            total = T.alloc_fragment((rows,), "float32")
            T.copy(Partial, tile)
            T.reduce_sum(tile, total, dim=1)
            T.copy(total, Out)

    return kernel


def integers(*shape):
    return RNG.integers(-9, 9, shape).astype(np.float32)


@pytest.mark.parametrize("target", TARGETS)
def test_a_launch_sees_what_the_one_before_wrote(target):
    a, partial, out = integers(7, 12), np.zeros((7, 4), np.float32), np.zeros(7, np.float32)
    kernel = tilescale.compile(split_sum(7, 12, 4), target=target)
    assert kernel(a, partial, out) is None
    np.testing.assert_array_equal(partial, a.reshape(7, 4, 3).sum(2))
    np.testing.assert_array_equal(out, a.sum(1))


def test_the_evaluator_knows_that_launches_do_not_race():
    a, partial, out = integers(7, 12), np.zeros((7, 4), np.float32), np.zeros(7, np.float32)
    evaluate(split_sum(7, 12, 4), [a, partial, out])
    np.testing.assert_array_equal(out, a.sum(1))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("out_idx", [[1, 2], [2, 1], [-1]])
def test_outputs_are_allocated_once(target, out_idx):
    a = integers(7, 12)
    kernel = tilescale.compile(split_sum(7, 12, 4), target=target, out_idx=out_idx)
    want = {1: a.reshape(7, 4, 3).sum(2), 2: a.sum(1)}
    given = [a] if len(out_idx) == 2 else [a, np.zeros((7, 4), np.float32)]
    made = kernel(*given)
    for position, got in zip(out_idx, made if len(out_idx) == 2 else [made], strict=True):
        np.testing.assert_array_equal(np.asarray(got), want[position % 3])
    assert kernel.out_idx == [position % 3 for position in out_idx]


@pytest.mark.parametrize("target", TARGETS)
def test_workspaces_carry_values_between_launches(target):
    @tilescale.jit(target=target)
    def normalize(A):
        n = T.const("n")
        A: T.Tensor[[n], T.float32]
        Largest = T.empty((1,), T.float32)
        Out = T.empty((n,), T.float32)
        with T.Kernel(1, threads=32):
            tile = T.alloc_fragment((n,), T.float32)
            largest = T.alloc_fragment((1,), T.float32)
            T.copy(A, tile)
            T.reduce_absmax(tile, largest, dim=0)
            T.copy(largest, Largest)
        with T.Kernel(T.ceildiv(n, 8), threads=32) as bx:
            for i in T.Parallel(8):
                if bx * 8 + i < n:
                    Out[bx * 8 + i] = A[bx * 8 + i] / Largest[0]
        return Out

    for n in (1, 8, 19):
        a = integers(n) + 0.5
        np.testing.assert_array_equal(np.asarray(normalize(a)), a / abs(a).max())


@pytest.mark.parametrize("target", TARGETS)
def test_three_launches_and_a_dynamic_size(target):
    n = T.dynamic("n")

    @T.prim_func
    def kernel(A: T.Tensor((n,), "int32"), B: T.Tensor((n,), "int32"), step: T.int32):
        T.assume(n < 1000)
        for _ in range(3):
            with T.Kernel(T.ceildiv(n, 32), threads=32) as bx:
                for i in T.Parallel(32):
                    if bx * 32 + i < n:
                        # Of the other end: wrong unless the launch before is over.
                        B[bx * 32 + i] = A[n - 1 - bx * 32 - i] + step
            with T.Kernel(T.ceildiv(n, 64), threads=32) as bx:
                for i in T.Parallel(64):
                    if bx * 64 + i < n:
                        A[bx * 64 + i] = B[bx * 64 + i]

    compiled = tilescale.compile(kernel, target=target)
    assert len(compiled.kernels) == 6
    for size in (0, 1, 33, 100):
        a = RNG.integers(0, 100, size).astype(np.int32)
        want = a[::-1] + 9
        compiled(a, np.zeros_like(a), 3)
        np.testing.assert_array_equal(a, want)


def test_wrong_arguments_are_refused_before_the_first_launch():
    kernel = tilescale.compile(split_sum(7, 12, 4), target="cpu")
    partial, out = np.ones((7, 4), np.float32), np.ones(7, np.float32)
    with pytest.raises(errors.ArgumentError):
        kernel(integers(7, 12), partial, np.ones(6, np.float32))
    with pytest.raises(errors.ArgumentCountError):
        kernel(integers(7, 12), partial)
    assert (partial == 1).all()
    assert (out == 1).all()


def test_a_sequence_shows_the_sources_of_its_kernels():
    kernel = tilescale.compile(split_sum(7, 12, 4), target="cpu")
    assert [part.name for part in kernel.kernels] == ["kernel", "kernel_2"]
    assert kernel.get_kernel_source() == "\n".join(k.kernel_source for k in kernel.kernels)
    lowered = tilescale.lower(split_sum(7, 12, 4), target="cuda -arch=sm_80").kernel_source
    assert "// kernel: generated" in lowered
    assert "// kernel_2: generated" in lowered
    with pytest.raises(errors.UnsupportedTargetError, match="launches 2 kernels"):
        kernel.export_library("nowhere")


def test_the_profiler_runs_all_kernels():
    kernel = tilescale.compile(split_sum(7, 12, 4), target="cpu", out_idx=[2])
    profiler = kernel.get_profiler(tilescale.TensorSupplyType.Integer)
    profiler.assert_allclose(lambda a, partial: np.asarray(a).sum(1))
