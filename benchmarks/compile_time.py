"""Cold compilation of the GEMM example, and a hit of the disk cache, each in a new process."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from measure import Row, report

COLD_SECONDS = 1.0
HIT_SECONDS = 0.005
PROCESSES = 5


def measure_once() -> float:
    """Seconds of `tilescale.compile` in this process; imports are done before the clock starts."""
    import tilescale
    from examples.gemm import matmul

    function = matmul.get_tir(1024, 1024, 1024)
    compile_function = tilescale.compile  # The first use imports the compiler.
    start = time.perf_counter()
    compile_function(function, out_idx=[-1])
    return time.perf_counter() - start


def in_new_process(cache: str) -> float:
    environment = {**os.environ, "TILESCALE_CACHE_DIR": cache}
    command = [sys.executable, sys.argv[0], "--child"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return float(json.loads(done.stdout))


def main() -> None:
    cold, hit = [], []
    for _ in range(PROCESSES):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(in_new_process(cache))
            hit.append(in_new_process(cache))
    report(
        "compile_time",
        [
            Row("GEMM example, cold", statistics.median(cold), None, COLD_SECONDS),
            Row("GEMM example, disk-cache hit", statistics.median(hit), None, HIT_SECONDS),
        ],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().child:
        print(json.dumps(measure_once()))
    else:
        main()
