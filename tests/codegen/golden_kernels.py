"""Kernels whose generated C is compared with the files in golden/."""

import tilescale.language as T


def vector_add():
    N = T.dynamic("N")

    @T.prim_func
    def vector_add(
        A: T.Tensor((N,), "float32"), B: T.Tensor((N,), "float32"), C: T.Tensor((N,), "float32")
    ):
        with T.Kernel(T.ceildiv(N, 256), threads=128) as bx:
            for i in T.Parallel(256):
                C[bx * 256 + i] = A[bx * 256 + i] + B[bx * 256 + i]

    return vector_add


def gemm():
    M, N, K = 128, 96, 64

    @T.prim_func
    def gemm(
        A: T.Tensor((M, K), "float16"),
        B: T.Tensor((N, K), "float16"),
        C: T.Tensor((M, N), "float32"),
    ):
        with T.Kernel(T.ceildiv(N, 64), T.ceildiv(M, 64), threads=128) as (bx, by):
            A_shared = T.alloc_shared((64, 32), "float16")
            B_shared = T.alloc_shared((64, 32), "float16")
            C_local = T.alloc_fragment((64, 64), "float32")
            T.clear(C_local)
            for k in T.Pipelined(T.ceildiv(K, 32), num_stages=2):
                T.copy(A[by * 64, k * 32], A_shared)
                T.copy(B[bx * 64, k * 32], B_shared)
                T.gemm(A_shared, B_shared, C_local, transpose_B=True)
            T.copy(C_local, C[by * 64, bx * 64])

    return gemm


def softmax():
    M, N = 10, 100

    @T.prim_func
    def softmax(X: T.Tensor((M, N), "float16"), Y: T.Tensor((M, N), "float16")):
        with T.Kernel(M, threads=32) as bx:
            x = T.alloc_fragment((1, N), "float32")
            largest = T.alloc_fragment((1,), "float32")
            total = T.alloc_fragment((1,), "float32")
            T.copy(X[bx, 0], x)
            T.reduce_max(x, largest, dim=1)
            for i, j in T.Parallel(1, N):
                x[i, j] = T.exp(x[i, j] - largest[i])
            T.reduce_sum(x, total, dim=1)
            for i, j in T.Parallel(1, N):
                x[i, j] = x[i, j] / total[i]
            T.copy(x, Y[bx, 0])

    return softmax


def histogram():
    N = T.dynamic("N")

    @T.prim_func
    def histogram(values: T.Tensor((N,), "int32"), counts: T.Tensor((16,), "int32")):
        with T.Kernel(1, threads=1):
            for i in T.serial(N):
                if values[i] >= 0 and values[i] < 16:
                    T.atomic_add(counts[values[i]], 1)
                else:
                    T.print(values[i], msg="ignored")

    return histogram


ALL = {f.__name__: f for f in (vector_add, gemm, softmax, histogram)}
