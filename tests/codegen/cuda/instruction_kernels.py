"""One small kernel for each row of the table of instructions."""

from __future__ import annotations

from typing import Any

import tilescale.language as T


def gemm(a_type: str, b_type: str, c_type: str, asks: str | None = None) -> Any:
    """One warp multiplies two tiles of 64 x 64 elements, maybe by the instruction it asks for."""
    annotations = {"instruction": asks} if asks else None

    @T.prim_func
    def kernel(
        A: T.Tensor((64, 64), a_type), B: T.Tensor((64, 64), b_type), C: T.Tensor((64, 64), c_type)
    ):
        with T.Kernel(1, threads=32):
            a = T.alloc_shared((64, 64), a_type)
            b = T.alloc_shared((64, 64), b_type)
            c = T.alloc_fragment((64, 64), c_type)
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, c, transpose_B=True, clear_accum=True, annotations=annotations)
            T.copy(c, C)

    return kernel


def bytes_across() -> Any:
    """Operands of 8 bits whose rows go along M and N."""

    @T.prim_func
    def kernel(
        A: T.Tensor((64, 64), "int8"), B: T.Tensor((64, 64), "int8"), C: T.Tensor((64, 64), "int32")
    ):
        with T.Kernel(1, threads=32):
            a = T.alloc_shared((64, 64), "int8")
            b = T.alloc_shared((64, 64), "int8")
            c = T.alloc_fragment((64, 64), "int32")
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, c, transpose_A=True, clear_accum=True)
            T.copy(c, C)

    return kernel


def copy() -> Any:
    """Global to shared to global memory."""

    @T.prim_func
    def kernel(A: T.Tensor((64, 64), "float16"), C: T.Tensor((64, 64), "float16")):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((64, 64), "float16")
            T.copy(A, a)
            T.copy(a, C)

    return kernel


def copy_registers() -> Any:
    """Global memory to registers and back."""

    @T.prim_func
    def kernel(A: T.Tensor((64, 64), "float32"), C: T.Tensor((64, 64), "float32")):
        with T.Kernel(1, threads=128):
            a = T.alloc_fragment((64, 64), "float32")
            T.copy(A, a)
            T.copy(a, C)

    return kernel


def store_accumulators() -> Any:
    """The result of a product, rounded, to shared memory."""

    @T.prim_func
    def kernel(A: T.Tensor((32, 32), "float16"), C: T.Tensor((32, 32), "float16")):
        with T.Kernel(1, threads=32):
            a = T.alloc_shared((32, 32), "float16")
            c = T.alloc_fragment((32, 32), "float32")
            o = T.alloc_shared((32, 32), "float16")
            T.copy(A, a)
            T.gemm(a, a, c, clear_accum=True)
            T.copy(c, o)
            T.copy(o, C)

    return kernel


def reduce() -> Any:
    """The sums of rows."""

    @T.prim_func
    def kernel(A: T.Tensor((4, 128), "float32"), C: T.Tensor((4,), "float32")):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((4, 128), "float32")
            c = T.alloc_fragment((4,), "float32")
            T.copy(A, a)
            T.reduce_sum(a, c, dim=1)
            T.copy(c, C)

    return kernel


def transpose() -> Any:
    """What one thread writes another one reads."""

    @T.prim_func
    def kernel(A: T.Tensor((32, 32), "float32"), C: T.Tensor((32, 32), "float32")):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((32, 32), "float32")
            b = T.alloc_shared((32, 32), "float32")
            T.copy(A, a)
            T.transpose(a, b)
            T.copy(b, C)

    return kernel


def pipeline() -> Any:
    """Tiles that are copied while others are multiplied."""

    @T.prim_func
    def kernel(A: T.Tensor((256, 64), "float16"), C: T.Tensor((64, 64), "float16")):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((64, 64), "float16")
            c = T.alloc_fragment((64, 64), "float16")
            T.clear(c)
            for k in T.Pipelined(4, num_stages=2):
                T.copy(A[k * 64, 0], a)
                for i, j in T.Parallel(64, 64):
                    c[i, j] = c[i, j] + a[i, j]
            T.copy(c, C)

    return kernel


def atomic_add(dtype: str) -> Any:
    """The sum of a vector."""

    @T.prim_func
    def kernel(A: T.Tensor((128,), dtype), C: T.Tensor((1,), dtype)):
        with T.Kernel(1, threads=128):
            for i in T.Parallel(128):
                T.atomic_add(C[0], A[i])

    return kernel


def atomic_add_tile(dtype: str, scope: str = "global") -> Any:
    """A tile is added to global or shared memory."""

    @T.prim_func
    def kernel(A: T.Tensor((64, 64), dtype), C: T.Tensor((64, 64), dtype)):
        with T.Kernel(1, threads=128):
            a = T.alloc_fragment((64, 64), dtype)
            T.copy(A, a)
            if scope == "global":
                T.atomic_add(C, a)
            else:
                s = T.alloc_shared((64, 64), dtype)
                T.copy(C, s)
                T.atomic_add(s, a)
                T.copy(s, C)

    return kernel


def vector_access(name: str) -> Any:
    """Threads copy neighbours by the access `name` and its counterpart."""
    bits, shared = int(name[3:]), name[2] == "s"
    count = bits // 32
    load, store = (getattr(T, f"{verb}{name[2]}{bits}") for verb in ("ld", "st"))

    @T.prim_func
    def kernel(A: T.Tensor((64 * count,), "float32"), C: T.Tensor((64 * count,), "float32")):
        with T.Kernel(1, threads=32):
            tx = T.get_thread_binding(0)
            tile = T.alloc_shared((64 * count,), "float32")
            if shared:
                T.copy(A, tile)
                store(tile[tx * count], load(tile[tx * count + 32 * count]))
                T.copy(tile, C)
            else:
                store(C[tx * count], load(A[tx * count]))

    return kernel


def pair(op: str, dtype: str) -> Any:
    """Each thread computes one pair."""
    count = 3 if op == "fma2" else 1 if op == "abs2" else 2

    @T.prim_func
    def kernel(A: T.Tensor((count, 32, 2), dtype), C: T.Tensor((32, 2), dtype)):
        with T.Kernel(1, threads=32):
            tx = T.get_thread_binding(0)
            operands = [A[i, tx, 0:2] for i in [*range(count)]]
            C[tx, 0:2] = getattr(T, op)(*operands)

    return kernel
