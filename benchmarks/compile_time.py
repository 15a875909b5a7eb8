"""Cold compilation, and a hit of the disk cache, each in a new process: for the CPU and for CUDA.

For CUDA (sm_90, by NVRTC; no GPU is needed): a float16 GEMM and an elementwise addition with the
libraries loaded, the part of our own passes, and the first compilation of a process with the
loading of the libraries.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np
from measure import Row, report

COLD_SECONDS = 1.0
HIT_SECONDS = 0.005
PROCESSES = 5


def measure_once() -> float:
    """Seconds of `tilescale.compile` in this process; imports are done before the clock starts."""
    import tilescale
    from examples.gemm import matmul
    from tilescale.jit.backend import find_backend
    from tilescale.jit.target import resolve_target

    function = matmul.get_tir(1024, 1024, 1024)
    compile_function = tilescale.compile  # The first use imports the compiler.
    find_backend(resolve_target("cpu"))
    start = time.perf_counter()
    compile_function(function, out_idx=[-1], target="cpu")
    return time.perf_counter() - start


def compile_cuda(function: Any) -> tuple[float, float]:
    """Seconds of a compilation for sm_90, and of our passes alone."""
    import tilescale

    target = "cuda -arch=sm_90"
    start = time.perf_counter()
    tilescale.compile(function, target=target)
    whole = time.perf_counter() - start
    start = time.perf_counter()
    tilescale.lower(function, target=target)
    return whole, time.perf_counter() - start


def measure_cuda_once() -> dict[str, float]:
    """Seconds of compilations in this process, each of a kernel that is not in the cache."""
    from examples.gemm import matmul
    from examples.vector_add import vector_add

    tile = (128, 128, 32, "float16", "float32")
    arrays = (np.zeros(1 << 20, np.float32), np.zeros(1 << 20, np.float32))
    functions = [matmul.get_tir(m, 4096, 4096, *tile) for m in (2048, 4096)]
    add = vector_add.get_tir(*arrays)
    first, _ = compile_cuda(functions[0])  # Loads the libraries.
    gemm, gemm_passes = compile_cuda(functions[1])
    addition, add_passes = compile_cuda(add)
    return {
        "first": first,
        "gemm": gemm,
        "gemm passes": gemm_passes,
        "add": addition,
        "add passes": add_passes,
    }


CUDA_ROWS = {
    "first": ("GEMM for sm_90, first compilation in a process", 1.3),
    "gemm": ("GEMM for sm_90, cold", 0.8),
    "gemm passes": ("GEMM for sm_90, our passes", 0.15),
    "add": ("addition for sm_90, cold", 0.2),
    "add passes": ("addition for sm_90, our passes", 0.05),
}


def in_new_process(cache: str, child: str = "--child") -> Any:
    environment = {**os.environ, "TILESCALE_CACHE_DIR": cache}
    command = [sys.executable, sys.argv[0], child]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main() -> None:
    cold: list[float] = []
    hit: list[float] = []
    cuda: list[dict[str, float]] = []
    for _ in range(PROCESSES):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(in_new_process(cache))
            hit.append(in_new_process(cache))
        with tempfile.TemporaryDirectory() as cache:
            cuda.append(in_new_process(cache, "--cuda-child"))
    rows = [
        Row("GEMM example, cold", statistics.median(cold), None, COLD_SECONDS),
        Row("GEMM example, disk-cache hit", statistics.median(hit), None, HIT_SECONDS),
    ]
    for key, (name, goal) in CUDA_ROWS.items():
        rows.append(Row(name, statistics.median(times[key] for times in cuda), None, goal))
    report("compile_time", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--cuda-child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure_once()))
    elif arguments.cuda_child:
        print(json.dumps(measure_cuda_once()))
    else:
        main()
