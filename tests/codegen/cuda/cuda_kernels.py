"""Kernels whose generated CUDA C++ is compared with the files in golden/."""

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


def vector_scale():
    """Whole vectors from global memory through registers and back."""

    @T.prim_func
    def vector_scale(A: T.Tensor((4, 64), "float16"), C: T.Tensor((4, 64), "float16")):
        with T.Kernel(4, threads=32) as bx:
            x = T.alloc_fragment((64,), "float16")
            T.copy(A[bx, 0], x)
            for i in T.Parallel(64):
                x[i] = x[i] * 2 + 1
            T.copy(x, C[bx, 0])

    return vector_scale


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


def uneven():
    """48 x 7 elements on 80 threads, not whole warps; sums and maxima of rows, a transposition."""

    @T.prim_func
    def uneven(
        X: T.Tensor((48, 7), "int32"),
        S: T.Tensor((48,), "int32"),
        L: T.Tensor((7,), "int32"),
        Y: T.Tensor((7, 48), "int32"),
    ):
        with T.Kernel(1, threads=80):
            x = T.alloc_shared((48, 7), "int32")
            y = T.alloc_shared((7, 48), "int32")
            s = T.alloc_fragment((48,), "int32")
            largest = T.alloc_shared((7,), "int32")
            T.copy(X, x)
            T.reduce_sum(x, s, dim=1)
            T.copy(s, S)
            T.reduce_max(x, largest, dim=0)
            T.copy(largest, L)
            T.transpose(x, y)
            T.copy(y, Y)

    return uneven


def rotate():
    """Each round reads what other threads wrote in the one before."""

    @T.prim_func
    def rotate(X: T.Tensor((64,), "int32"), Y: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            a = T.alloc_shared((64,), "int32")
            b = T.alloc_shared((64,), "int32")
            T.copy(X, a)
            for k in T.serial(3):
                for i in T.Parallel(64):
                    b[i] = a[(i + 1) % 64] + k
                for i in T.Parallel(64):
                    a[i] = b[i]
            if a[0] > 0:
                a[1] = a[0]
            T.copy(a, Y)

    return rotate


def long_scan():
    """One line on four warps: registers, shuffles, the warps' totals in shared memory."""

    @T.prim_func
    def long_scan(X: T.Tensor((1000,), "float32"), Y: T.Tensor((1000,), "float32")):
        with T.Kernel(1, threads=128):
            x = T.alloc_shared((1000,), "float32")
            y = T.alloc_fragment((1000,), "float32")
            T.copy(X, x)
            T.cumsum(x, y, reverse=True)
            T.copy(y, Y)

    return long_scan


def quads():
    """An accumulator in 8 bits becomes the operand A of the next product: lanes exchange bytes."""

    @T.prim_func
    def quads(
        A: T.Tensor((16, 32), "int8"), B: T.Tensor((32, 32), "int8"), C: T.Tensor((16, 32), "int32")
    ):
        with T.Kernel(1, threads=32):
            a = T.alloc_shared((16, 32), "int8")
            b = T.alloc_shared((32, 32), "int8")
            s = T.alloc_fragment((16, 32), "int32")
            p = T.alloc_fragment((16, 32), "int8")
            o = T.alloc_fragment((16, 32), "int32")
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, s, transpose_B=True, clear_accum=True)
            T.copy(s, p)
            T.gemm(p, b, o, transpose_B=True, clear_accum=True)
            T.copy(o, C)

    return quads


def prefetch():
    """Loads that run ahead through registers: sm_75 has no cp.async."""

    @T.prim_func
    def prefetch(X: T.Tensor((4, 16, 16), "float32"), Y: T.Tensor((4, 16, 16), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((16, 16), "float32")
            for k in T.Pipelined(4, num_stages=2):
                T.copy(X[k, 0, 0], tile)
                for i, j in T.Parallel(16, 16):
                    Y[k, i, j] = tile[j, i]

    return prefetch


KERNELS = (
    vector_add,
    vector_scale,
    gemm,
    softmax,
    uneven,
    rotate,
    long_scan,
    quads,
    prefetch,
)
ALL = {f.__name__: f for f in KERNELS}
#: Of those that are not for sm_80.
ARCHS = {"prefetch": "sm_75"}
