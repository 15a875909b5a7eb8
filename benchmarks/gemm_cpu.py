"""fp32 GEMM 1024^3 on the CPU target against NumPy's BLAS, at 1 and at 2 threads."""

import argparse
import json

import numpy as np
from measure import Row, interleave, report, run_with_threads

from examples.gemm import matmul

SIZE = 1024
GOAL = 0.5


def measure(size: int) -> tuple[float, float, float]:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((size, size), dtype=np.float32)
    b = rng.standard_normal((size, size), dtype=np.float32)
    c = np.empty((size, size), np.float32)
    kernel = matmul(size, size, size)
    np.testing.assert_allclose(kernel(a, b), a @ b, rtol=1e-3, atol=1e-3)
    return interleave(lambda: kernel(a, b), lambda: np.matmul(a, b, out=c))


def main(threads: list[int]) -> None:
    rows = []
    flops = 2 * SIZE**3
    for count in threads:
        ours, baseline, best = json.loads(run_with_threads(count, ["--child"]))
        extra = {
            "GFLOP/s": flops / ours / 1e9,
            "BLAS GFLOP/s": flops / baseline / 1e9,
            "ratio of best": best,
        }
        rows.append(Row(f"fp32 {SIZE}^3, {count} thread(s)", ours, baseline, GOAL, extra))
    report("gemm_cpu", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(SIZE)))
    else:
        main(options.threads)
