"""Makes a folder that tests the CUDA target on a machine without this repository.

Usage: make_pack --out DIR [--wheels FILE ...] [--tests FILE ...]; Bazel supplies the two lists:
`bazel run //tools/gpu_pack -- --out DIR`. There, `DIR/run.sh` runs the tests.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import shutil
import sys
import zipfile
from pathlib import Path

MAX_BYTES = 60 * 10**6
# Wheels for other CPythons than the pack's.
_PYTHON = "cp312"
# Programs and headers inside wheels; the tests use neither, and Z3's are as large as its library.
_DROPPED = ("*.data/data/bin/*", "*/include/*")
_SCRIPTS = ("run.sh", "run_tests.py")


class PackError(Exception):
    """The pack cannot be made as asked."""


def fits_python(wheel: Path) -> bool:
    """Returns whether the pack's Python can install a wheel, by the wheel's name."""
    python, abi = wheel.stem.split("-")[-3:-1]
    return python in (_PYTHON, "py3", "py2.py3") or abi == "abi3"


def _copy_library(wheel: Path, out: Path) -> None:
    """Copies a wheel without what the tests do not use."""
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(out, "w") as target:
        for member in source.infolist():
            if not any(fnmatch.fnmatch(member.filename, pattern) for pattern in _DROPPED):
                target.writestr(member, source.read(member), zipfile.ZIP_DEFLATED)


def make_pack(out: Path, wheels: list[Path], tests: list[tuple[Path, str]]) -> int:
    """Fills the folder `out` and returns its size in bytes.

    Args:
        out: a folder that is new or empty.
        wheels: wheels for any CPython; those for others than the pack's are left out.
        tests: file -> where it goes below `out`.

    Raises:
        PackError: the folder is not empty, tilescale's wheel is missing, or the pack is too
            large.
    """
    if out.exists() and any(out.iterdir()):
        raise PackError(f"{out} is not empty: name a new folder")
    chosen = {wheel.name: wheel for wheel in wheels if fits_python(wheel)}
    if not any(name.startswith("tilescale-") for name in chosen):
        raise PackError(f"no wheel of tilescale for {_PYTHON}")
    (out / "wheels").mkdir(parents=True)
    for wheel in chosen.values():
        if wheel.name.startswith("tilescale-"):
            shutil.copyfile(wheel, out / "wheels" / wheel.name)
        else:
            _copy_library(wheel, out / "wheels" / wheel.name)
    for source, place in tests:
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, out / place)
    for script in _SCRIPTS:
        shutil.copyfile(Path(__file__).with_name(script), out / script)
    (out / "run.sh").chmod(0o755)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    if size > MAX_BYTES:
        raise PackError(f"the pack has {size} bytes, more than {MAX_BYTES}")
    return size


def main(arguments: list[str]) -> int:
    """Makes the pack that the command line describes."""
    parser = argparse.ArgumentParser(description="Makes a folder of GPU tests.")
    parser.add_argument("--out", required=True, help="new or empty folder")
    parser.add_argument("--wheels", nargs="*", default=[])
    parser.add_argument("--tests", nargs="*", default=[])
    options = parser.parse_args(arguments)
    # `bazel run` changes the folder, and this is where the user is.
    out = Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / options.out
    tests = [(Path(test), test) for test in options.tests]
    try:
        size = make_pack(out, [Path(wheel) for wheel in options.wheels], tests)
    except PackError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{out}: {size / 1e6:.1f} MB; copy it to the machine with the GPU and run ./run.sh there")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
