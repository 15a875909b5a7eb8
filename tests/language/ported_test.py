"""Kernels in the manner of published TileLang programs: idioms that must work unchanged."""

import numpy as np

import tilescale
import tilescale.language as T
from tests.harness import kernel_run
from tests.harness.kernel_run import for_target
from tilescale.layout import make_swizzled_layout


def random(*shape, dtype=np.float32):
    return np.random.default_rng(0).integers(-4, 5, shape).astype(dtype)


def test_topk():
    @tilescale.jit(out_idx=[1, 2])
    def topk(M, N, count, rows, threads=128):
        dtype = "float32"

        @T.prim_func
        def kernel(
            logits: T.Tensor([M, N], dtype),
            gates: T.Tensor([M, count], dtype),
            indices: T.Tensor([M, count], "int32"),
        ):
            with T.Kernel(T.ceildiv(M, rows), threads=threads) as bx:
                values = T.alloc_fragment([rows, N], dtype=dtype)
                best = T.alloc_fragment([rows], dtype=dtype)
                position = T.alloc_fragment([rows, N], "int32")
                best_position = T.alloc_fragment([rows], "int32")
                T.copy(logits[bx * rows, 0], values)
                for k in T.serial(count):
                    T.fill(position, -1)
                    T.reduce_max(values, best, dim=1, clear=True)
                    for i, j in T.Parallel(rows, N):
                        position[i, j] = T.if_then_else(best[i] == values[i, j], j, position[i, j])
                    T.reduce_max(position, best_position, dim=1, clear=True)
                    for i, j in T.Parallel(rows, N):
                        values[i, j] = T.if_then_else(best[i] == values[i, j], -1e4, values[i, j])
                    for i in T.Parallel(rows):
                        gates[bx * rows + i, k] = best[i]
                        indices[bx * rows + i, k] = best_position[i]

        return kernel

    x = np.random.default_rng(1).permutation(330).reshape(10, 33).astype(np.float32)
    gates, indices = kernel_run.call(for_target(topk)(10, 33, 4, 4), x)
    np.testing.assert_array_equal(indices, np.argsort(-x, 1)[:, :4])
    np.testing.assert_array_equal(gates, -np.sort(-x, 1)[:, :4])


def test_convolution_over_views_of_parameters():
    @tilescale.jit(out_idx=[2])
    def convolution(N, C, H, W, F, K, S, D, P, bM, bN, bK, stages, threads, dtype="float16"):
        OH = (H + 2 * P - D * (K - 1) - 1) // S + 1
        OW = (W + 2 * P - D * (K - 1) - 1) // S + 1

        @T.prim_func
        def main(
            data: T.Tensor((N, H, W, C), dtype),
            kernel: T.Tensor((K, K, C, F), dtype),
            out: T.Tensor((N, OH, OW, F), dtype),
        ):
            with T.Kernel(T.ceildiv(F, bN), T.ceildiv(N * OH * OW, bM), threads=threads) as (
                bx,
                by,
            ):
                data_shared = T.alloc_shared((bM, bK), dtype)
                kernel_shared = T.alloc_shared((bK, bN), dtype)
                out_local = T.alloc_fragment((bM, bN), "float")
                kernel_flat = T.Tensor((K * K * C, F), dtype, kernel.data)
                out_flat = T.Tensor((N * OH * OW, F), dtype, out.data)
                T.annotate_layout({data_shared: make_swizzled_layout(data_shared)})
                for step in T.Pipelined(T.ceildiv(K * K * C, bK), num_stages=stages):
                    for i, j in T.Parallel(bM, bK):
                        k = step * bK + j
                        m = by * bM + i
                        h = m % (OH * OW) // OW * S + k // (K * C) * D - P
                        w = m % OW * S + k // C % K * D - P
                        inside = (h >= 0) and (w >= 0) and (h < H) and (w < W)
                        data_shared[i, j] = T.if_then_else(
                            inside, data[m // (OH * OW), h, w, k % C], 0
                        )
                    T.copy(kernel_flat[step * bK, bx * bN], kernel_shared)
                    T.gemm(data_shared, kernel_shared, out_local, clear_accum=(step == 0))
                T.copy(out_local, out_flat[by * bM, bx * bN])

        return main

    data, weights = random(2, 7, 8, 4, dtype=np.float16), random(3, 3, 4, 6, dtype=np.float16)
    kernel = for_target(convolution)(2, 4, 7, 8, 6, 3, 1, 1, 1, 16, 8, 16, 2, 128)
    (out,) = kernel_run.call(kernel, data, weights)
    padded = np.pad(data.astype(np.float32), ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = sum(
        padded[:, a : a + 7, b : b + 8] @ weights[a, b].astype(np.float32)
        for a in range(3)
        for b in range(3)
    )
    np.testing.assert_array_equal(out, expected.astype(np.float16))


def test_grouped_gemm_with_offsets_from_memory():
    @tilescale.jit(out_idx=[2])
    def grouped(sizes, K, N, bM=16, bN=16, bK=16, dtype=T.float32):
        total, count = sum(sizes), len(sizes)
        blocks = sum((size + bM - 1) // bM for size in sizes)

        @T.prim_func
        def kernel(
            A: T.Tensor([total, K], dtype),
            B: T.Tensor([count, K, N], dtype),
            C: T.Tensor([total, N], dtype),
            lengths: T.Tensor([count], T.int32),
            offsets: T.Tensor([count], T.int32),
            padded: T.Tensor([count], T.int32),
        ):
            with T.Kernel(blocks, T.ceildiv(N, bN), threads=128) as (bx, by):
                A_shared = T.alloc_shared([bM, bK], dtype)
                B_shared = T.alloc_shared([bK, bN], dtype)
                C_local = T.alloc_fragment([bM, bN], T.float32)
                group = T.alloc_local([1], T.int32)
                start = bx * bM
                group[0] = 0
                for i in range(count):
                    group[0] = T.if_then_else(start >= padded[i], i, group[0])
                row = start - padded[group[0]] + offsets[group[0]]
                rows = T.max(0, T.min(bM, lengths[group[0]] + padded[group[0]] - start))
                T.clear(C_local)
                for k in T.Pipelined(T.ceildiv(K, bK), num_stages=2):
                    T.copy(A[row : row + bM, k * bK : (k + 1) * bK], A_shared)
                    T.copy(B[group[0], k * bK : (k + 1) * bK, by * bN : (by + 1) * bN], B_shared)
                    T.gemm(A_shared, B_shared, C_local)
                for i, j in T.Parallel(bM, bN):
                    if i < rows:
                        C[row + i, by * bN + j] = C_local[i, j]

        return kernel

    sizes = (5, 20, 16)
    a, b = random(sum(sizes), 24), random(3, 24, 20)
    offsets = np.cumsum((0, *sizes[:-1])).astype(np.int32)
    padded = np.cumsum([0, 16, 32]).astype(np.int32)
    lengths = np.array(sizes, np.int32)
    (out,) = kernel_run.call(for_target(grouped)(sizes, 24, 20), a, b, lengths, offsets, padded)
    expected = [a[o : o + n] @ b[g] for g, (o, n) in enumerate(zip(offsets, sizes, strict=True))]
    np.testing.assert_array_equal(out, np.concatenate(expected))


def test_slices_between_bound_names():
    @tilescale.jit
    def rows(Q, index, size=2):
        H, D, S = T.const("H D S")
        Q: T.Tensor[[H, D], T.float32]
        index: T.Tensor[[S], T.int32]
        O = T.empty([S, size, D], T.float32)  # noqa: E741
        with T.Kernel(S) as s:
            tile = T.alloc_shared([size, D], T.float32)
            first = index[s] * size
            last = first + size
            T.copy(Q[first:last, :], tile)
            T.copy(tile, O[s, :, :])
        return O

    q, index = random(6, 5), np.array([2, 0, 1, 1], np.int32)
    (out,) = kernel_run.call(for_target(rows), q, index)
    np.testing.assert_array_equal(out, q.reshape(3, 2, 5)[index])


def test_block_sparse_gemm_by_a_run_time_mask():
    @tilescale.jit(out_idx=[-1])
    def blocksparse(M, N, K, block=16):
        shape = (M // block, N // block, K // block)

        @T.prim_func
        def main(
            A: T.Tensor((M, K), "float32"),
            B: T.Tensor((K, N), "float32"),
            mask: T.Tensor(shape, "bool"),
            C: T.Tensor((M, N), "float32"),
        ):
            with T.Kernel(T.ceildiv(N, block), T.ceildiv(M, block), threads=128) as (bx, by):
                A_shared = T.alloc_shared((block, block), "float32")
                B_shared = T.alloc_shared((block, block), "float32")
                C_local = T.alloc_fragment((block, block), "float32")
                T.use_swizzle(panel_size=10, enable=True)
                T.clear(C_local)
                for k in T.Pipelined(T.ceildiv(K, block), num_stages=2):
                    if mask[by, bx, k]:
                        T.copy(A[by * block, k * block], A_shared)
                        T.copy(B[k * block, bx * block], B_shared)
                        T.gemm(A_shared, B_shared, C_local)
                T.copy(C_local, C[by * block, bx * block])

        return main

    a, b = random(32, 48), random(48, 32)
    mask = np.random.default_rng(2).random((2, 2, 3)) < 0.5
    (out,) = kernel_run.call(for_target(blocksparse)(32, 32, 48), a, b, mask)
    blocks = np.einsum(
        "ymkp,kpxn,yxk->ymxn", a.reshape(2, 16, 3, 16), b.reshape(3, 16, 2, 16), mask
    )
    np.testing.assert_array_equal(out, blocks.reshape(32, 32))
