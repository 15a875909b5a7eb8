"""Differential fuzzing of the CPU target, or of the CUDA target on the simulator or on a GPU.

bazel run //tests/fuzz -- --count=2000 --seed=0              random kernels
bazel run //tests/fuzz -- --target=sim --arch=sm_80          their CUDA text on the simulator
bazel run //tests/fuzz -- --target=cuda                      on the GPU of this machine
bazel run //tests/fuzz -- --target=sim --program=FILE        a printed kernel again
"""

from __future__ import annotations

import argparse
import runpy
import sys
import time
from pathlib import Path

import fuzz_campaign
import fuzz_harness
from fuzz_backends import ARCHS, Backend, Cpu, Cuda, Simulator, why_no_gpu
from fuzz_harness import Prepared
from fuzz_program import Program, Tensor


def _load(path: Path) -> Program:
    """A printed program; its kernel text is traced as it stands."""
    values = runpy.run_path(str(path))
    tensors = [Tensor(*fields) for fields in values["TENSORS"]]
    text = path.read_text()
    return Program(values["SEED"], values["SIZES"], [], {}, tensors, [], [], text=text)


def _run_program(path: Path, backend: Backend) -> int:
    program = _load(path)
    kernel = runpy.run_path(str(path))["kernel"]
    func = getattr(kernel, "prim_func", kernel)
    args = fuzz_harness.arguments(program)
    result = fuzz_harness.evaluator.run(func, [a.array for a in args])
    prepared = Prepared(program, func, [a.whole for a in args], result.exact)
    message = fuzz_campaign.check(prepared, backend)
    print(message or f"{backend.name} agrees with the evaluator")
    return 1 if message else 0


def _backend(options: argparse.Namespace) -> Backend:
    if options.target == "sim":
        archs = (options.arch,) if options.arch else ARCHS
        return Simulator(archs, options.plant_bug)
    if options.target == "cuda":
        return Cuda(f"cuda -arch={options.arch}" if options.arch else "cuda", options.plant_bug)
    return Cpu(options.plant_bug)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="number of kernels")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--program", type=Path, help="check one printed program")
    parser.add_argument("--max-failures", type=int, default=3, help="stop after as many")
    parser.add_argument("--minimize", type=float, default=60, help="seconds for each failure")
    parser.add_argument("--target", choices=("cpu", "sim", "cuda"), default="cpu")
    parser.add_argument("--arch", help="default: 75, 80, 89 in turn, or that of the GPU")
    parser.add_argument("--plant-bug", default="", help="a mistake to plant into the back end")
    options = parser.parse_args()
    if options.target == "cuda" and (reason := why_no_gpu()):
        print(f"skipped: {reason}")
        return 0
    backend = _backend(options)
    if options.program is not None:
        return _run_program(options.program, backend)
    start = time.monotonic()
    seeds = range(options.seed, options.seed + options.count)
    limits = {"max_failures": options.max_failures, "minimize_seconds": options.minimize}
    report = fuzz_campaign.run(seeds, backend, **limits)
    print(report.table())
    for seed, message in report.illegal[:10]:
        print(f"illegal program from seed {seed}: {message}")
    print(f"{report.summary()} in {time.monotonic() - start:.1f} s")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
