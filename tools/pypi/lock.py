"""Rewrites third_party/pypi/requirements_lock.txt from requirements.in.

Run from the repository root, with any CPython that has pip:

    python3 tools/pypi/lock.py

Every supported CPython is resolved on its own and the hashes are merged, so that one lock serves
all of them: pip takes the wheel that fits the running interpreter and refuses a file with any other
hash. Names, versions and hashes are written, never an address: pip's own configuration says where
packages come from.
"""

from __future__ import annotations

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "third_party" / "pypi"
PYTHONS = ("3.11", "3.12")
GLIBC_MINORS = (34, 31, 28, 27, 26, 24, 17, 12, 5)
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in GLIBC_MINORS] + [
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
    "linux_x86_64",
]


def normalize(name: str) -> str:
    """Returns the canonical form of a package name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def resolve(requirements: pathlib.Path, python: str) -> Iterator[tuple[str, str, str]]:
    """Yields (name, version, sha256) of what `requirements` needs on CPython `python`."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
        command += ["--ignore-installed", "--only-binary=:all:", "--implementation", "cp"]
        command += ["--python-version", python, "--target", f"{folder}/target"]
        command += [word for platform in PLATFORMS for word in ("--platform", platform)]
        subprocess.run([*command, "--report", str(report), "-r", str(requirements)], check=True)
        for item in json.loads(report.read_text())["install"]:
            digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
            yield normalize(item["metadata"]["name"]), item["metadata"]["version"], digest


def render(pins: dict[tuple[str, str], set[str]]) -> str:
    """Returns the text of the lock file for {(name, version): hashes}."""
    lines = ["# Written by tools/pypi/lock.py from requirements.in; do not edit."]
    for (name, version), hashes in sorted(pins.items()):
        lines.append(f"{name}=={version} \\")
        lines.append(" \\\n".join(f"    --hash=sha256:{digest}" for digest in sorted(hashes)))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Resolves for every interpreter and writes the lock."""
    pins: dict[tuple[str, str], set[str]] = collections.defaultdict(set)
    for python in PYTHONS:
        for name, version, digest in resolve(FOLDER / "requirements.in", python):
            pins[name, version].add(digest)
    names = [name for name, _ in pins]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        sys.exit(
            f"different versions for different interpreters, pin one in requirements.in: {twice}"
        )
    (FOLDER / "requirements_lock.txt").write_text(render(pins))
    print(f"{len(pins)} packages locked for CPython {', '.join(PYTHONS)}")


if __name__ == "__main__":
    main()
