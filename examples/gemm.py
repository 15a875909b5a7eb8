"""Matrix multiplication, the main job: compile, run, check against NumPy, and say how fast.

Each program computes one block_M x block_N tile of C. It walks along K in steps of block_K, copies
the two operand tiles to shared memory and accumulates in a fragment; `T.Pipelined` lets the
copies of later steps overlap with the multiplication of earlier ones.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.jit.target import resolve_target
from tilescale.testing import place, to_numpy


@tilescale.jit(out_idx=[-1])
def matmul(
    M: int,
    N: int,
    K: int,
    block_M: int = 128,
    block_N: int = 128,
    block_K: int = 64,
    dtype: str = "float32",
    accum_dtype: str = "float32",
):
    @T.prim_func
    def gemm(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        C: T.Tensor((M, N), dtype),
    ):
        with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), threads=128) as (bx, by):
            A_shared = T.alloc_shared((block_M, block_K), dtype)
            B_shared = T.alloc_shared((block_K, block_N), dtype)
            C_local = T.alloc_fragment((block_M, block_N), accum_dtype)

            T.clear(C_local)
            for k in T.Pipelined(T.ceildiv(K, block_K), num_stages=3):
                T.copy(A[by * block_M, k * block_K], A_shared)
                T.copy(B[k * block_K, bx * block_N], B_shared)
                T.gemm(A_shared, B_shared, C_local)
            T.copy(C_local, C[by * block_M, bx * block_N])

    return gemm


def main(
    m: int | None = None, n: int | None = None, k: int | None = None, target: str = "auto"
) -> None:
    # The simulator runs some ten million accesses a second.
    usual = 160 if resolve_target(target).kind == "sim" else 1024
    m, n, k = (usual if extent is None else extent for extent in (m, n, k))
    rng = np.random.default_rng(0)
    a = rng.standard_normal((m, k), dtype=np.float32)
    b = rng.standard_normal((k, n), dtype=np.float32)

    # A CPU's caches hold larger tiles than the shared memory of the smaller GPUs.
    tile = (128, 128, 64) if resolve_target(target).kind == "cpu" else (64, 64, 32)
    kernel = matmul.with_options(target=target)(m, n, k, *tile)
    c = to_numpy(kernel(*place(target, a, b)))

    reference = a.astype(np.float64) @ b.astype(np.float64)
    error = float(np.max(np.abs(c - reference), initial=0.0))
    # Each element sums k products of about unit size, so its rounding error grows with sqrt(k).
    np.testing.assert_allclose(c, reference, rtol=1e-5, atol=1e-6 * max(k, 1))

    print(f"gemm: C[{m}, {n}] = A[{m}, {k}] @ B[{k}, {n}], float32, for {kernel.target}")
    print(f"  largest error against NumPy (float64): {error:.3g}")
    if kernel.target.startswith("sim"):
        return  # The simulator's time says nothing of a GPU's.
    milliseconds = kernel.get_profiler().do_bench()
    gflops = 2 * m * n * k / milliseconds / 1e6
    print(f"  time: {milliseconds:.3f} ms, {gflops:.1f} GFLOP/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("m", "n", "k"):
        parser.add_argument(f"--{name}", type=int, help="1024, on the simulator 160")
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
