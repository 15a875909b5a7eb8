"""Downloads pinned wheels with the running interpreter's pip, and unpacks them.

Usage: fetch_wheel.py SPEC.json, with the keys

    packages  list of {"requirement": "name==1.0", "hashes": [sha256, ...]}
    unpack    folder that gets the contents of the wheels; and/or
    keep      folder that gets the wheel files themselves
    exclude   globs of members that are not unpacked (default none)
    python    CPython tag such as "312" whose wheels are wanted (default: the running interpreter's)

pip's own configuration and environment say where packages come from; nothing here names a server.
Prints the names of the wheels.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from typing import Any

GLIBC_MINORS = (34, 31, 28, 27, 26, 24, 17, 12, 5)
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in GLIBC_MINORS] + [
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "linux_x86_64",
]


class FetchError(Exception):
    """A wheel could not be had, or is not what the lock says; the text is for the user."""


def explain(packages: list[dict[str, Any]], output: str) -> str:
    """Returns what to tell the user when pip failed with `output`."""
    names = ", ".join(package["requirement"] for package in packages)
    if "DO NOT MATCH THE HASHES" in output:
        reason = (
            f"the wheel that the package index serves for {names} is not the one that was "
            "locked: its sha256 differs from every hash in "
            "third_party/pypi/requirements_lock.txt. Nothing was unpacked. If the "
            "package was meant to change, run `python3 tools/pypi/lock.py`; if not, "
            "do not trust this index."
        )
    elif "No matching distribution" in output:
        reason = (
            f"the package index has no wheel of {names} for this interpreter "
            f"(CPython {sys.version_info[0]}.{sys.version_info[1]}). Check pip's configuration "
            "(`pip config list`), or set TILESCALE_PYTHON to a CPython 3.11 or 3.12."
        )
    elif "No module named pip" in output:
        reason = (
            f"{sys.executable} has no pip. Install it (Debian: apt-get install python3-pip) or set "
            "TILESCALE_PYTHON to an interpreter that has it."
        )
    else:
        reason = f"pip could not download {names}."
    return f"{reason}\n--- pip said:\n{output.strip()}"


def download(packages: list[dict[str, Any]], python: str, folder: pathlib.Path) -> None:
    """Lets pip put the wheels of `packages` into `folder`; raises FetchError with the reason."""
    lock = folder.with_suffix(".lock")
    lines = (
        " ".join([p["requirement"], *(f"--hash=sha256:{h}" for h in p["hashes"])]) for p in packages
    )
    lock.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    command += ["--progress-bar=off", f"--dest={folder}", "-r", str(lock)]
    if python:
        command += ["--implementation=cp", f"--python-version={python}"]
        command += [f"--abi={abi}" for abi in ("cp" + python, "abi3", "none")]
        command += [f"--platform={platform}" for platform in PLATFORMS]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise FetchError(explain(packages, done.stdout))


def member_path(name: str) -> str:
    """Returns where a wheel's member is installed below site-packages, or "" if nowhere."""
    parts = name.split("/")
    if not parts[0].endswith(".data"):
        return name
    if len(parts) > 2 and parts[1] in ("purelib", "platlib"):
        return "/".join(parts[2:])
    if len(parts) > 2 and parts[1] == "scripts":
        return "/".join(["bin", *parts[2:]])
    return ""


def unpack(wheel: pathlib.Path, dest: pathlib.Path, exclude: list[str]) -> None:
    """Unpacks one wheel; a library that it holds under two names becomes one file and a link."""
    libraries: dict[bytes, pathlib.Path] = {}
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            name = member_path(info.filename)
            if not name or name.endswith("/") or any(fnmatch.fnmatch(name, g) for g in exclude):
                continue
            out = dest / name
            if dest.resolve() not in out.resolve().parents:
                raise FetchError(f"{wheel.name} has a member outside its folder: {info.filename}")
            out.parent.mkdir(parents=True, exist_ok=True)
            data = archive.read(info)
            if ".so" in out.name:
                first = libraries.setdefault(hashlib.sha256(data).digest(), out)
                if first != out:
                    out.symlink_to(os.path.relpath(first, out.parent))
                    continue
            out.write_bytes(data)
            out.chmod(0o755 if (info.external_attr >> 16) & 0o111 else 0o644)


def compile_byte_code(dest: pathlib.Path) -> None:
    """Writes the byte code, as runfiles are read-only; unchecked-hash never looks at times."""
    command = [sys.executable, "-m", "compileall", "-q", "-j0", "-s", str(dest)]
    command += ["--invalidation-mode=unchecked-hash", str(dest)]
    # Wheels may hold files that don't compile (templates, tests of syntax errors): no fault.
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def fetch(spec: dict[str, Any]) -> list[str]:
    """Does what the module's text says; returns the names of the wheels."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        temporary = pathlib.Path(folder) / "download"
        download(spec["packages"], spec.get("python", ""), temporary)
        wheels = sorted(temporary.glob("*.whl"))
        if len(wheels) != len(spec["packages"]):
            raise FetchError(f"expected {len(spec['packages'])} wheels, got {wheels}")
        for wheel in wheels:
            if spec.get("unpack"):
                unpack(wheel, pathlib.Path(spec["unpack"]), spec.get("exclude", []))
            if spec.get("keep"):
                pathlib.Path(spec["keep"]).mkdir(exist_ok=True)
                shutil.copy(wheel, spec["keep"])
        if spec.get("unpack"):
            compile_byte_code(pathlib.Path(spec["unpack"]))
        return [wheel.name for wheel in wheels]


def main() -> None:
    """Command line."""
    try:
        print("\n".join(fetch(json.loads(pathlib.Path(sys.argv[1]).read_text()))))
    except FetchError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
