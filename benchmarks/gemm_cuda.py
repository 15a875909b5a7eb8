"""Products of float16 matrices on a GPU, against torch.matmul (cuBLAS) in the same process.

Usage: PYTHONPATH=. python benchmarks/gemm_cuda.py [--size 4096] [--only 128x128x32] on a machine
with a GPU, torch, and the built libraries in tilescale/. Operands are normally distributed; each
result is checked first. Both sides alternate; L2 is flushed before every launch by writing 256
MiB; printed is the median of the times between two events around one launch.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

import tilescale
import tilescale.language as T

ROUNDS = 20
FLUSH_BYTES = 256 << 20


@dataclass(frozen=True)
class Config:
    """Tile of a block, its threads, and the depth of its pipeline."""

    m: int
    n: int
    k: int
    threads: int
    stages: int

    def __str__(self) -> str:
        return f"{self.m}x{self.n}x{self.k}, {self.threads} threads, {self.stages} stages"


CONFIGS = (
    Config(128, 128, 32, 128, 3),
    Config(128, 128, 32, 128, 4),
    Config(128, 128, 64, 128, 3),
    Config(128, 128, 32, 256, 4),
    Config(128, 256, 32, 256, 3),
    Config(128, 256, 32, 256, 4),
    Config(128, 256, 64, 256, 3),
    Config(256, 128, 64, 256, 3),
)


def gemm(size: int, config: Config) -> Any:
    """Returns C = A * B^T for square matrices, accumulated in float32."""

    @T.prim_func
    def gemm(
        A: T.Tensor((size, size), "float16"),
        B: T.Tensor((size, size), "float16"),
        C: T.Tensor((size, size), "float16"),
    ):
        with T.Kernel(
            T.ceildiv(size, config.n), T.ceildiv(size, config.m), threads=config.threads
        ) as (bx, by):
            a = T.alloc_shared((config.m, config.k), "float16")
            b = T.alloc_shared((config.n, config.k), "float16")
            c = T.alloc_fragment((config.m, config.n), "float32")
            T.use_swizzle(8)
            T.clear(c)
            for k in T.Pipelined(T.ceildiv(size, config.k), num_stages=config.stages):
                T.copy(A[by * config.m, k * config.k], a)
                T.copy(B[bx * config.n, k * config.k], b)
                T.gemm(a, b, c, transpose_B=True)
            T.copy(c, C[by * config.m, bx * config.n])

    return gemm


def median_ms(launches: list[Callable[[], object]], flush: torch.Tensor) -> list[float]:
    """Returns the median time of each function; they take turns."""
    times: list[list[float]] = [[] for _ in launches]
    for _ in range(ROUNDS):
        for launch, mine in zip(launches, times, strict=True):
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            flush.zero_()
            start.record()
            launch()
            end.record()
            torch.cuda.synchronize()
            mine.append(start.elapsed_time(end))
    return [statistics.median(mine) for mine in times]


def measure(size: int, config: Config, arch: str, flush: torch.Tensor) -> None:
    """Compiles, checks and times one configuration, and prints a line."""
    kernel = tilescale.compile(gemm(size, config), target=f"cuda -arch={arch}")
    a, b = (torch.randn(size, size, device="cuda", dtype=torch.float16) for _ in range(2))
    ours, theirs = (torch.zeros_like(a) for _ in range(2))
    transposed = b.t()
    kernel(a, b, ours)
    torch.matmul(a, transposed, out=theirs)
    torch.testing.assert_close(ours, theirs, rtol=2e-2, atol=2e-1)
    launches = [lambda: kernel(a, b, ours), lambda: torch.matmul(a, transposed, out=theirs)]
    mine, cublas = median_ms(launches, flush)
    tflops = [2e-9 * size**3 / ms for ms in (mine, cublas)]
    print(
        f"{config}: {tflops[0]:.0f} TFLOP/s, cuBLAS {tflops[1]:.0f}, ratio {cublas / mine:.3f}, "
        f"{kernel.resources}",
        flush=True,
    )


def main() -> None:
    """Runs the configurations."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--only", default="", help="configurations that start with this")
    options = parser.parse_args()
    major, minor = torch.cuda.get_device_capability()
    flush = torch.empty(FLUSH_BYTES, dtype=torch.uint8, device="cuda")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {options.size}^3, float16")
    for config in CONFIGS:
        if str(config).startswith(options.only):
            measure(options.size, config, f"sm_{major}{minor}", flush)


if __name__ == "__main__":
    main()
