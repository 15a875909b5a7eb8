"""Runs every example on every back end and prints which agree with NumPy, and their seconds.

Run: python benchmarks/all_examples.py [TARGET ...]; by default on the CPU and on the simulator's
architectures that tests use. The table is kept in benchmarks/results/examples.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGETS = ("cpu", "sim:sm_75", "sim:sm_80", "sim:sm_89", "sim:sm_120")
# The sizes of the Bazel tests.
SIZES = {"gemm": ("--m=200", "--n=150", "--k=130")}


def run(name: str, target: str) -> tuple[bool, float]:
    """Runs an example in a process and an empty cache of its own.

    Returns:
        Whether it agreed with NumPy, and its seconds with all compiling.
    """
    sizes = SIZES.get(name, ()) if target.startswith("sim:") else ()
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py"), f"--target={target}", *sizes]
    with tempfile.TemporaryDirectory() as cache:
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "TILESCALE_CACHE_DIR": cache, "PYTHONPATH": path}
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    if done.returncode != 0:
        print(f"{name} on {target}:\n{done.stdout}{done.stderr}", file=sys.stderr)
    return done.returncode == 0, seconds


def row(name: str, results: Sequence[tuple[bool, float]]) -> str:
    """Returns an example's row of the table."""
    cells = [f"{'agrees' if good else 'FAILS'}, {seconds:.1f} s" for good, seconds in results]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> int:
    """Prints the table; returns 1 if an example failed."""
    parser = argparse.ArgumentParser(description="Runs every example on every back end.")
    parser.add_argument("targets", nargs="*", default=TARGETS)
    targets = parser.parse_args().targets
    print(f"| example | {' | '.join(targets)} |\n|---|{'---|' * len(targets)}")
    passed = total = 0
    for name in sorted(path.stem for path in (ROOT / "examples").glob("*.py")):
        results = [run(name, target) for target in targets]
        print(row(name, results), flush=True)
        passed += sum(good for good, _ in results)
        total += len(results)
    print(f"\n{passed} of {total} runs agree with NumPy.")
    return int(passed != total)


if __name__ == "__main__":
    sys.exit(main())
