"""Names, scalars and views that the body of a pipelined loop declares, used in several stages."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.harness import kernel_run
from tests.harness.kernel_run import for_target

INDEX = np.array([1, 5, 3, 2], np.int32)


def rows():
    return np.random.default_rng(0).integers(-4, 5, (64, 8)).astype(np.float32)


def run(body, stages, index=INDEX):
    @tilescale.jit(out_idx=[2])
    def make():
        @T.prim_func
        def kernel(
            K: T.Tensor((64, 8), "float32"),
            index: T.Tensor((4,), "int32"),
            out: T.Tensor((8, 8), "float32"),
        ):
            with T.Kernel(1, threads=32):
                tile = T.alloc_shared((8, 8), "float32")
                total = T.alloc_fragment((8, 8), "float32")
                T.clear(total)
                for i in T.Pipelined(4, num_stages=stages):
                    body(K, index, tile, total, i)
                T.copy(total, out)

        return kernel

    (out,) = kernel_run.call(for_target(make)(), rows(), index)
    return out


def blocks():
    return rows().reshape(8, 8, 8)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_name_that_load_and_use_share(stages):
    @T.macro
    def body(K, index, tile, total, i):
        group = index[i]
        first = group * 8
        T.copy(K[first : first + 8, :], tile)
        for r, c in T.Parallel(8, 8):
            total[r, c] += tile[r, c] * (first + c)

    expected = sum(blocks()[g] * (8 * g + np.arange(8)) for g in INDEX)
    np.testing.assert_array_equal(run(body, stages), expected)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_name_in_a_condition_over_load_and_use(stages):
    @T.macro
    def body(K, index, tile, total, i):
        group = index[i]
        if group >= 0 and group != 3:
            T.copy(K[group * 8, 0], tile)
            for r, c in T.Parallel(8, 8):
                total[r, c] += tile[r, c] * group

    index = np.array([4, -1, 3, 2], np.int32)
    np.testing.assert_array_equal(run(body, stages, index), 4 * blocks()[4] + 2 * blocks()[2])


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_scalar_declared_in_front_of_the_load(stages):
    @T.macro
    def body(K, index, tile, total, i):
        weight = T.alloc_var("float32", init=1.0)
        T.copy(K[index[i] * 8, 0], tile)
        weight = weight + tile[0, 0]
        for r, c in T.Parallel(8, 8):
            total[r, c] += tile[r, c] * weight

    expected = sum(blocks()[g] * (1 + blocks()[g][0, 0]) for g in INDEX)
    np.testing.assert_array_equal(run(body, stages), expected)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_view_declared_in_front_of_the_load(stages):
    @T.macro
    def body(K, index, tile, total, i):
        turned = T.reshape(tile, (4, 16))
        T.copy(K[index[i] * 8, 0], tile)
        for r, c in T.Parallel(8, 8):
            total[r, c] += turned[r // 2, r % 2 * 8 + c]

    np.testing.assert_array_equal(run(body, stages), blocks()[INDEX].sum(0))


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_name_of_a_value_from_before_the_load(stages):
    @T.macro
    def body(K, index, tile, total, i):
        if i == 0:
            T.clear(tile)
        before = tile[0, 0]
        twice = before * 2
        T.copy(K[index[i] * 8, 0], tile)
        for r, c in T.Parallel(8, 8):
            total[r, c] += tile[r, c] + twice

    first = [0, *(blocks()[g][0, 0] for g in INDEX[:-1])]
    expected = sum(blocks()[g] + 2 * old for g, old in zip(INDEX, first, strict=True))
    np.testing.assert_array_equal(run(body, stages), expected)


@pytest.mark.parametrize("stages", [2, 3, 4])
def test_name_in_the_operands_of_a_product(stages):
    @tilescale.jit(out_idx=[3])
    def make(M, N, K, count, dtype="float16"):
        @T.prim_func
        def kernel(
            A: T.Tensor((M, K), dtype),
            B: T.Tensor((count, K, N), dtype),
            order: T.Tensor((4,), "int32"),
            C: T.Tensor((M, N), "float32"),
        ):
            with T.Kernel(1, threads=64):
                A_shared = T.alloc_shared((M, K), dtype)
                B_shared = T.alloc_shared((2, K // 2, N), dtype)
                C_local = T.alloc_fragment((M, N), "float32")
                T.copy(A, A_shared)
                T.clear(C_local)
                for i in T.Pipelined(4, num_stages=stages):
                    half = order[i] % 2
                    first = half * (K // 2)
                    T.copy(B[order[i], first, 0], B_shared[half, :, :])
                    T.gemm(A_shared[:, first : first + K // 2], B_shared[half, :, :], C_local)
                T.copy(C_local, C)

        return kernel

    rng = np.random.default_rng(1)
    a = rng.integers(-2, 3, (16, 32)).astype(np.float16)
    b = rng.integers(-2, 3, (3, 32, 16)).astype(np.float16)
    order = np.array([2, 1, 0, 1], np.int32)
    (out,) = kernel_run.call(for_target(make)(16, 16, 32, 3), a, b, order)
    halves = [slice(16 * (g % 2), 16 * (g % 2) + 16) for g in order]
    wide_a, wide_b = a.astype(np.float32), b.astype(np.float32)
    expected = sum(wide_a[:, h] @ wide_b[g, h] for g, h in zip(order, halves, strict=True))
    np.testing.assert_array_equal(out, expected)
