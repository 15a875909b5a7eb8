"""Removes each synchronisation of the examples' kernels, and says what the simulator noticed.

Run: python benchmarks/mutate.py [EXAMPLE ...] [--arch sm_80]. The tables go to standard output,
and are kept in benchmarks/results/mutate.md.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import inspect
import io
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from tilescale.sim.mutate import Table, mutate_calls

EXAMPLES = Path(__file__).parents[1] / "examples"
# Small sizes: what is shared is shared there too.
SIZES: dict[str, dict[str, Any]] = {"gemm": {"m": 72, "n": 70, "k": 130}}


def load(name: str) -> ModuleType:
    """Returns an example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name: str, arch: str) -> dict[str, Table]:
    """Returns the tables of an example's kernels."""
    main = load(name).main
    known = inspect.signature(main).parameters
    sizes = {key: value for key, value in SIZES.get(name, {}).items() if key in known}
    with contextlib.redirect_stdout(io.StringIO()):
        return mutate_calls(lambda: main(target=f"sim:{arch}", **sizes), seeds=(0,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = sorted(path.stem for path in EXAMPLES.glob("*.py"))
    parser.add_argument("examples", nargs="*", default=names)
    parser.add_argument("--arch", default="sm_80")
    arguments = parser.parse_args()
    print(f"# Synchronisation removed from the examples' kernels, {arguments.arch}\n")
    for name in arguments.examples or names:
        start = time.perf_counter()
        for kernel, table in run(name, arguments.arch).items():
            seconds = time.perf_counter() - start
            print(f"## {name}: {kernel} ({seconds:.0f} s)\n\n{table}\n", flush=True)


if __name__ == "__main__":
    main()
