"""Unpacks the pack's wheels beside itself and runs the tests; run.sh calls it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

# Always the pack's own: they belong together.
_OURS = frozenset({"tilescale", "apache-tvm-ffi", "z3-solver"})


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


def main() -> int:
    """Runs pytest with the arguments of the command line and returns its status."""
    here = Path(__file__).resolve().parent
    print("unpacked:", ", ".join(unpack(here / "wheels", here / "site")))
    path = os.pathsep.join([str(here / "site"), str(here), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider"]
    command += ["-ra", f"--junitxml={here / 'results.xml'}", *(sys.argv[1:] or ["tests"])]
    environment = {**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)}
    return subprocess.run(command, cwd=here, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
