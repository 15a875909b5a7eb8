"""Memory-bound addition of two 64 MiB arrays on the CPU target against `numpy.add(out=)`.

NumPy uses one thread; the kernel is measured at 1 and at 2.
"""

import argparse
import json

import numpy as np
from measure import Row, interleave, report, run_with_threads

import tilescale
import tilescale.language as T

BYTES = 64 << 20
GOAL = 0.8


@tilescale.jit
def add(N: int, block: int = 1 << 16):
    @T.prim_func
    def main(
        A: T.Tensor((N,), "float32"), B: T.Tensor((N,), "float32"), C: T.Tensor((N,), "float32")
    ):
        with T.Kernel(T.ceildiv(N, block), threads=256) as bx:
            for i in T.Parallel(block):
                C[bx * block + i] = A[bx * block + i] + B[bx * block + i]

    return main


def measure() -> tuple[float, float, float]:
    count = BYTES // 4
    rng = np.random.default_rng(0)
    a = rng.standard_normal(count, dtype=np.float32)
    b = rng.standard_normal(count, dtype=np.float32)
    c, reference = np.zeros_like(a), np.zeros_like(a)
    kernel = add(count)
    times = interleave(lambda: kernel(a, b, c), lambda: np.add(a, b, out=reference))
    np.testing.assert_array_equal(c, reference)
    return times


def main(threads: list[int]) -> None:
    rows = []
    for count in threads:
        ours, baseline, best = json.loads(run_with_threads(count, ["--child"]))
        extra = {
            "GB/s": 3 * BYTES / ours / 1e9,
            "NumPy GB/s": 3 * BYTES / baseline / 1e9,
            "ratio of best": best,
        }
        rows.append(Row(f"fp32 64 MiB, {count} thread(s)", ours, baseline, GOAL, extra))
    report("add_cpu", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure()))
    else:
        main(options.threads)
