"""Writes a wheel (PEP 427) from a manifest; its bytes depend on the inputs only.

Usage: make_wheel.py MANIFEST.json OUT.whl. The manifest is what tools/wheel/wheel.bzl writes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from tools.wheel import elf

# What PEP 600's glibc level of a platform tag promises beside glibc itself.
LIBSTDCXX = {"2.34": "3.4.29", "2.35": "3.4.30", "2.36": "3.4.30", "2.38": "3.4.32"}


class WheelError(Exception):
    """The manifest asks for something that would make a wrong wheel."""


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def check_versions(name: str, data: bytes, glibc: str) -> None:
    """Raises WheelError if a library needs newer system libraries than `glibc` promises."""
    limits = {"GLIBC": glibc, "GLIBCXX": LIBSTDCXX[glibc]}
    for family, version in elf.needed_versions(data).items():
        if family in limits and version > _version(limits[family]):
            got = ".".join(str(part) for part in version)
            raise WheelError(
                f"{name} needs {family}_{got}; the declared glibc {glibc} has {limits[family]}"
            )


def collect(manifest: dict[str, Any]) -> dict[str, bytes]:
    """Returns {path in the wheel: contents} of the packaged files."""
    contents: dict[str, bytes] = {}
    for entry in manifest["files"]:
        data = bytearray(Path(entry["src"]).read_bytes())
        if elf.is_elf(data):
            check_versions(entry["dst"], data, manifest["glibc"])
            if entry["dst"] in manifest["run_paths"]:
                elf.set_run_path(data, manifest["run_paths"][entry["dst"]])
        if contents.setdefault(entry["dst"], bytes(data)) != data:
            raise WheelError(f"two different files for {entry['dst']}")
    unused = set(manifest["run_paths"]) - set(contents)
    if unused:
        raise WheelError(f"run paths for files that are not packaged: {sorted(unused)}")
    return contents


def metadata(manifest: dict[str, Any]) -> str:
    """Returns the text of METADATA."""
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {manifest['name']}",
        f"Version: {manifest['version']}",
        f"Summary: {manifest['summary']}",
        f"Requires-Python: {manifest['requires_python']}",
        *(f"Requires-Dist: {requirement}" for requirement in manifest["requires"]),
    ]
    for extra, requirements in sorted(manifest["extras"].items()):
        lines.append(f"Provides-Extra: {extra}")
        lines += [
            f'Requires-Dist: {requirement}; extra == "{extra}"' for requirement in requirements
        ]
    return "\n".join(lines) + "\n"


def dist_info(manifest: dict[str, Any]) -> dict[str, bytes]:
    """Returns the files of the .dist-info folder, without RECORD."""
    tag = manifest["tag"]
    pure = "true" if tag.endswith("-any") else "false"
    wheel = f"Wheel-Version: 1.0\nGenerator: tilescale\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
    folder = f"{manifest['name'].replace('-', '_')}-{manifest['version']}.dist-info"
    files = {f"{folder}/METADATA": metadata(manifest), f"{folder}/WHEEL": wheel}
    if manifest["scripts"]:
        scripts = "\n".join(manifest["scripts"])
        files[f"{folder}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n"
    return {name: text.encode() for name, text in files.items()}


def write(out: Path, contents: dict[str, bytes], info: dict[str, bytes]) -> None:
    """Writes the archive: sorted, one date for all, .dist-info last as PEP 427 recommends."""
    record = []
    with zipfile.ZipFile(out, "w") as archive:

        def put(name: str, data: bytes) -> None:
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o100755 if ".so" in name else 0o100644) << 16
            archive.writestr(member, data)

        for name, data in [*sorted(contents.items()), *sorted(info.items())]:
            put(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}\n")
        name = next(iter(info)).partition("/")[0] + "/RECORD"
        put(name, "".join([*record, f"{name},,\n"]).encode())


def main() -> None:
    """Command line."""
    manifest = json.loads(Path(sys.argv[1]).read_text())
    try:
        write(Path(sys.argv[2]), collect(manifest), dist_info(manifest))
    except (WheelError, ValueError) as error:
        sys.exit(f"make_wheel: {error}")


if __name__ == "__main__":
    main()
