"""Unpacks the pack's wheels beside itself, runs tests, examples and benchmarks; run.sh calls it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# Always the pack's own: they belong together.
_OURS = frozenset({"tilescale", "apache-tvm-ffi", "z3-solver"})

# Folders of tests whose modules import each other by their short names.
_IMPORTED = ("tests/fuzz",)


def _name(wheel: Path) -> str:
    return wheel.name.partition("-")[0].replace("_", "-").lower()


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def unpack(wheels: Path, site: Path) -> list[str]:
    """Unpacks the wheels that this Python lacks, and returns their names."""
    site.mkdir(exist_ok=True)
    taken = []
    for wheel in sorted(wheels.glob("*.whl")):
        if _name(wheel) in _OURS or not _installed(_name(wheel)):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)
            taken.append(wheel.name)
    return taken


def run_pytest(here: Path, environment: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Runs pytest and returns its status."""
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider"]
    command += ["-ra", f"--junitxml={here / 'results.xml'}", *arguments]
    return subprocess.run(command, cwd=here, env=environment, check=False).returncode


def run_programs(here: Path, environment: Mapping[str, str]) -> list[tuple[str, int, float]]:
    """Runs all examples on the GPU and all benchmarks; returns name, status and seconds of each."""
    commands = [[str(path), "--target=cuda"] for path in sorted((here / "examples").glob("*.py"))]
    commands += [[str(path)] for path in sorted((here / "benchmarks").glob("*_cuda.py"))]
    commands += [[str(path)] for path in sorted((here / "benchmarks").glob("cuda_*.py"))]
    done = []
    for command in commands:
        start = time.perf_counter()
        status = subprocess.run(
            [sys.executable, *command], cwd=here, env=environment, check=False
        ).returncode
        seconds = time.perf_counter() - start
        done.append((str(Path(command[0]).relative_to(here)), status, seconds))
    return done


def summary(tests: int, programs: Sequence[tuple[str, int, float]]) -> str:
    """Returns what to keep in benchmarks/results."""
    lines = [f"tests: {'passed' if tests == 0 else f'status {tests}'}"]
    lines += [
        f"{name}: {'passed' if status == 0 else f'status {status}'}, {seconds:.1f} s"
        for name, status, seconds in programs
    ]
    failed = (tests != 0) + sum(status != 0 for _, status, _ in programs)
    return "\n".join([*lines, f"{len(programs) + 1 - failed} of {len(programs) + 1} passed"])


def main() -> int:
    """Runs everything; with arguments, only pytest with these. Returns 0 if all passed."""
    here = Path(__file__).resolve().parent
    print("unpacked:", ", ".join(unpack(here / "wheels", here / "site")))
    folders = [str(here / folder) for folder in ("site", "", *_IMPORTED)]
    path = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])
    environment = {
        **os.environ,
        "PYTHONPATH": path.rstrip(os.pathsep),
        "TILESCALE_TEST_MODE": "gpu",
    }
    if sys.argv[1:]:
        return run_pytest(here, environment, sys.argv[1:])
    tests = run_pytest(here, environment, ["tests"])
    programs = run_programs(here, environment)
    text = summary(tests, programs)
    (here / "summary.txt").write_text(text + "\n", encoding="utf-8")
    print(text)
    return int(tests != 0 or any(status != 0 for _, status, _ in programs))


if __name__ == "__main__":
    sys.exit(main())
