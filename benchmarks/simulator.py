"""Speed of the simulator on a tile product of 128 x 128 x 64, and of its host compiler.

Run: python benchmarks/simulator.py
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np

from tilescale import sim

TILE = Path(__file__).parents[1] / "tests" / "sim" / "tile_128x128x64.cu"
STREAM = """#include "tilescale/kernel.cuh"
extern "C" __global__ void __launch_bounds__(128) k(const float* a, float* b, int n) {
  for (int i = threadIdx.x; i < n; i += 128) b[i] = a[i] + b[i];
}
"""
REPEATS = 7


def median(run):
    return statistics.median(run().run_seconds for _ in range(REPEATS))


def main():
    text = TILE.read_text()
    a, b = np.zeros((128, 64), np.float16), np.zeros((128, 64), np.float16)
    c = np.zeros((128, 128), np.float32)
    for checks in (("bounds", "races", "uninitialized"), ("bounds",), ()):

        def tile(checks=checks):
            return sim.launch(text, "k", 1, 128, [a, b, c], shared_bytes=32768, checks=checks)

        name = "+".join(checks) or "no checks"
        fresh = f"{text}// {time.time_ns()}\n"
        built = sim.launch(
            fresh, "k", 1, 128, [a, b, c], shared_bytes=32768, checks=checks
        ).build_seconds
        print(f"tile 128x128x64, {name}: {median(tile) * 1e3:.1f} ms, compile {built:.2f} s")
    count = 1 << 19
    x, y = np.ones(count, np.float32), np.ones(count, np.float32)
    report = None

    def stream():
        nonlocal report
        report = sim.launch(STREAM, "k", 1, 128, [x, y, np.int32(count)])
        return report

    seconds = median(stream)
    print(f"checked accesses: {report.counters['accesses'] / seconds / 1e6:.1f} M/s")


if __name__ == "__main__":
    main()
