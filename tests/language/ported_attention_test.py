"""Kernels in the manner of published TileLang programs that pick what they read by indices."""

import numpy as np

import tilescale
import tilescale.language as T
from tests.harness import kernel_run
from tests.harness.kernel_run import for_target


def normal(seed, *shape, scale=0.3):
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float16)


def softmax(scores):
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


@T.macro
def online_softmax(scores, casted, out, state, rows, columns, dim):
    """One step; `state`: maximum, its last value, the factor between them, sum here, sum."""
    T.copy(state[0], state[1])
    T.reduce_max(scores, state[0], dim=1, clear=True)
    for i in T.Parallel(rows):
        state[0][i] = T.max(state[0][i], state[1][i])
        state[2][i] = T.exp(state[1][i] - state[0][i])
    for i, j in T.Parallel(rows, columns):
        scores[i, j] = T.exp(scores[i, j] - state[0][i])
    T.reduce_sum(scores, state[3], dim=1)
    for i in T.Parallel(rows):
        state[4][i] = state[4][i] * state[2][i] + state[3][i]
    T.copy(scores, casted)
    for i, j in T.Parallel(rows, dim):
        out[i, j] *= state[2][i]


def test_attention_over_selected_blocks():
    @tilescale.jit(out_idx=[-1])
    def selected(S, G, D, block, count, dtype="float16"):
        @T.prim_func
        def kernel(
            Q: T.Tensor([S, G, D], dtype),
            K: T.Tensor([S, D], dtype),
            V: T.Tensor([S, D], dtype),
            blocks: T.Tensor([S, count], "int32"),
            out: T.Tensor([S, G, D], dtype),
        ):
            with T.Kernel(S, threads=32) as token:
                Q_shared = T.alloc_shared([G, D], dtype)
                K_shared = T.alloc_shared([block, D], dtype)
                V_shared = T.alloc_shared([block, D], dtype)
                scores = T.alloc_fragment([G, block], "float32")
                casted = T.alloc_fragment([G, block], dtype)
                acc = T.alloc_fragment([G, D], "float32")
                state = [T.alloc_fragment([G], "float32") for _ in range(5)]
                T.copy(Q[token, :, :], Q_shared)
                T.clear(acc)
                T.clear(state[4])
                T.fill(state[0], -T.infinity("float32"))
                for i in T.Pipelined(count, num_stages=2):
                    first = blocks[token, i] * block
                    if first <= token and first >= 0:
                        T.copy(K[first : first + block, :], K_shared)
                        T.copy(V[first : first + block, :], V_shared)
                        for r, c in T.Parallel(G, block):
                            scores[r, c] = T.if_then_else(
                                token >= first + c, 0, -T.infinity("float32")
                            )
                        policy = T.GemmWarpPolicy.FullRow
                        T.gemm(Q_shared, K_shared, scores, transpose_B=True, policy=policy)
                        online_softmax(scores, casted, acc, state, G, block, D)
                        T.gemm(casted, V_shared, acc, policy=policy)
                for r, c in T.Parallel(G, D):
                    acc[r, c] /= state[4][r]
                T.copy(acc, out[token, :, :])

        return kernel

    S, G, D, block = 20, 16, 32, 8
    q, k, v = normal(0, S, G, D), normal(1, S, D), normal(2, S, D)
    own = np.arange(S) // block
    blocks = np.stack([np.where(own > 0, 0, -1), own], 1).astype(np.int32)
    (out,) = kernel_run.call(for_target(selected)(S, G, D, block, 2), q, k, v, blocks)
    for token in range(S):
        seen = [p for p in range(token + 1) if p // block in blocks[token]]
        p = softmax(q[token].astype(np.float32) @ k[seen].astype(np.float32).T)
        # The kernel rounds the probabilities to float16 between its two products.
        np.testing.assert_allclose(out[token], p @ v[seen].astype(np.float32), atol=2e-3)


def test_attention_over_pages():
    @tilescale.jit(out_idx=[-1])
    def paged(batch, heads, D, page, pages, table, block, dtype="float16"):
        @T.prim_func
        def kernel(
            Q: T.Tensor([batch, heads, D], dtype),
            K: T.Tensor([pages * page, D], dtype),
            V: T.Tensor([pages * page, D], dtype),
            block_table: T.Tensor([batch, table], "int32"),
            lengths: T.Tensor([batch], "int32"),
            out: T.Tensor([batch, heads, D], dtype),
        ):
            with T.Kernel(batch, threads=64) as b:
                Q_shared = T.alloc_shared([heads, D], dtype)
                K_shared = T.alloc_shared([block, D], dtype)
                V_shared = T.alloc_shared([block, D], dtype)
                scores = T.alloc_fragment([heads, block], "float32")
                casted = T.alloc_fragment([heads, block], dtype)
                acc = T.alloc_fragment([heads, D], "float32")
                state = [T.alloc_fragment([heads], "float32") for _ in range(5)]
                T.copy(Q[b, :, :], Q_shared)
                T.clear(acc)
                T.clear(state[4])
                T.fill(state[0], -T.infinity("float32"))
                length = lengths[b]
                for i in T.Pipelined(T.ceildiv(length, block), num_stages=2):
                    first = i * block
                    for r, c in T.Parallel(block, D):
                        p = first + r
                        row = block_table[b, T.min(p // page, table - 1)] * page + p % page
                        K_shared[r, c] = T.if_then_else(p < length, K[row, c], 0)
                        V_shared[r, c] = T.if_then_else(p < length, V[row, c], 0)
                    T.clear(scores)
                    policy = T.GemmWarpPolicy.FullRow
                    T.gemm(Q_shared, K_shared, scores, transpose_B=True, policy=policy)
                    for r, c in T.Parallel(heads, block):
                        inside = first + c < length
                        scores[r, c] = T.if_then_else(inside, scores[r, c], -T.infinity("float32"))
                    online_softmax(scores, casted, acc, state, heads, block, D)
                    T.gemm(casted, V_shared, acc, policy=policy)
                for r, c in T.Parallel(heads, D):
                    acc[r, c] /= state[4][r]
                T.copy(acc, out[b, :, :])

        return kernel

    batch, heads, D, page, pages, table, block = 2, 16, 32, 8, 12, 5, 16
    q, k, v = normal(0, batch, heads, D), normal(1, pages * page, D), normal(2, pages * page, D)
    numbers = np.random.default_rng(3).permutation(pages)[: batch * table]
    block_table = numbers.reshape(batch, table).astype(np.int32)
    lengths = np.array([37, 9], np.int32)
    kernel = for_target(paged)(batch, heads, D, page, pages, table, block)
    (out,) = kernel_run.call(kernel, q, k, v, block_table, lengths)
    for b in range(batch):
        rows = [block_table[b, p // page] * page + p % page for p in range(lengths[b])]
        p = softmax(q[b].astype(np.float32) @ k[rows].astype(np.float32).T)
        # The kernel rounds the probabilities to float16 between its two products.
        np.testing.assert_allclose(out[b], p @ v[rows].astype(np.float32), atol=2e-3)


def test_experts_of_routed_tokens():
    @tilescale.jit
    def routed(tokens, choices, dim, width, experts, rows=16, columns=16, depth=8):
        slots, blocks = T.dynamic("slots"), T.dynamic("blocks")
        dtype = "float16"

        @T.prim_func
        def kernel(
            X: T.Tensor((tokens, dim), dtype),
            W: T.Tensor((experts, width, dim), dtype),
            sorted_ids: T.Tensor((slots,), "int32"),
            expert_ids: T.Tensor((blocks,), "int32"),
            weights: T.Tensor((tokens * choices,), "float32"),
            Y: T.Tensor((tokens, width), "float32"),
        ):
            with T.Kernel(blocks, T.ceildiv(width, columns), threads=128) as (bx, by):
                X_shared = T.alloc_shared((rows, depth), dtype)
                W_shared = T.alloc_shared((columns, depth), dtype)
                ids = T.alloc_shared((rows,), "int32")
                acc = T.alloc_fragment((rows, columns), "float32")
                expert = expert_ids[bx]
                for i in T.Parallel(rows):
                    ids[i] = sorted_ids[bx * rows + i]
                T.clear(acc)
                for k in T.Pipelined(T.ceildiv(dim, depth), num_stages=3):
                    for i, j in T.Parallel(rows, depth):
                        taken = ids[i] < tokens * choices
                        X_shared[i, j] = T.if_then_else(
                            taken, X[ids[i] // choices, k * depth + j], 0
                        )
                    T.copy(W[expert, by * columns, k * depth], W_shared)
                    T.gemm(X_shared, W_shared, acc, transpose_B=True)
                for i, j in T.Parallel(rows, columns):
                    if ids[i] < tokens * choices:
                        value = acc[i, j] * weights[ids[i]]
                        T.atomic_add(Y[ids[i] // choices, by * columns + j], value)

        return kernel

    tokens, choices, dim, width, experts = 23, 2, 40, 48, 4
    rng = np.random.default_rng(5)
    x = rng.integers(-2, 3, (tokens, dim)).astype(np.float16)
    w = rng.integers(-2, 3, (experts, width, dim)).astype(np.float16)
    route = np.stack([rng.permutation(experts)[:choices] for _ in range(tokens)])
    weights = rng.integers(1, 4, (tokens, choices)).astype(np.float32)
    ids, numbers = [], []
    for expert in range(experts):
        mine = list(np.flatnonzero(route.reshape(-1) == expert))
        mine += [tokens * choices] * (-len(mine) % 16)
        ids += mine
        numbers += [expert] * (len(mine) // 16)
    y = np.zeros((tokens, width), np.float32)
    order, of_block = np.array(ids, np.int32), np.array(numbers, np.int32)
    kernel = for_target(routed)(tokens, choices, dim, width, experts)
    kernel_run.call(kernel, x, w, order, of_block, weights.reshape(-1), y)
    wide, chosen = x.astype(np.float32), w.astype(np.float32)[route]
    np.testing.assert_array_equal(y, np.einsum("td,tswd,ts->tw", wide, chosen, weights))
