"""tools/wheel: what goes into the archive, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from tools.wheel import elf, make_wheel

LIBRARY = Path("tilescale/libtilescale.so")


def manifest(folder: Path, **changes: object) -> dict[str, object]:
    (folder / "a.py").write_text("x = 1\n")
    return {
        "files": [{"src": str(folder / "a.py"), "dst": "demo/a.py"}],
        "run_paths": {},
        "name": "demo-package",
        "version": "1.0",
        "summary": "Demo",
        "tag": "cp311-abi3-manylinux_2_34_x86_64",
        "glibc": "2.34",
        "requires": ["numpy"],
        "requires_python": ">=3.11",
        "extras": {"more": ["torch"]},
        "scripts": ["demo = demo.a:main"],
    } | changes


def make(folder: Path, spec: dict[str, object]) -> Path:
    out = folder / "demo_package-1.0-cp311-abi3-manylinux_2_34_x86_64.whl"
    make_wheel.write(out, make_wheel.collect(spec), make_wheel.dist_info(spec))
    return out


def test_archive_is_a_wheel(tmp_path):
    wheel = make(tmp_path, manifest(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        read = {name: archive.read(name) for name in archive.namelist()}
    info = "demo_package-1.0.dist-info"
    assert list(read) == ["demo/a.py", *(f"{info}/{n}" for n in sorted_info())]
    assert b"Tag: cp311-abi3-manylinux_2_34_x86_64\n" in read[f"{info}/WHEEL"]
    assert b"Root-Is-Purelib: false\n" in read[f"{info}/WHEEL"]
    assert b'Requires-Dist: torch; extra == "more"\n' in read[f"{info}/METADATA"]
    assert read[f"{info}/entry_points.txt"] == b"[console_scripts]\ndemo = demo.a:main\n"
    for row in read[f"{info}/RECORD"].decode().splitlines()[:-1]:
        name, digest, size = row.split(",")
        sha = base64.urlsafe_b64encode(hashlib.sha256(read[name]).digest()).rstrip(b"=").decode()
        assert (digest, int(size)) == (f"sha256={sha}", len(read[name]))


def sorted_info() -> list[str]:
    return ["METADATA", "WHEEL", "entry_points.txt", "RECORD"]


def test_same_inputs_give_the_same_bytes(tmp_path):
    first = make(tmp_path, manifest(tmp_path)).read_bytes()
    assert make(tmp_path, manifest(tmp_path)).read_bytes() == first


def test_two_different_files_for_one_path_are_refused(tmp_path):
    (tmp_path / "b.py").write_text("x = 2\n")
    spec = manifest(tmp_path)
    spec["files"] = [*spec["files"], {"src": str(tmp_path / "b.py"), "dst": "demo/a.py"}]
    with pytest.raises(make_wheel.WheelError, match="two different files for demo"):
        make_wheel.collect(spec)


def test_run_path_of_a_missing_library_is_refused(tmp_path):
    with pytest.raises(make_wheel.WheelError, match="not packaged"):
        make_wheel.collect(manifest(tmp_path, run_paths={"demo/lib.so": "$ORIGIN"}))


def test_newer_system_libraries_than_declared_are_refused(monkeypatch):
    monkeypatch.setitem(make_wheel.LIBSTDCXX, "2.5", "3.4")
    data = LIBRARY.read_bytes()
    assert elf.is_elf(data)
    assert elf.needed_versions(data)["GLIBC"] >= (2, 14)
    with pytest.raises(make_wheel.WheelError, match="the declared glibc"):
        make_wheel.check_versions("libtilescale.so", data, "2.5")


def test_run_path_is_overwritten_in_place():
    data = bytearray(LIBRARY.read_bytes())
    size = len(data)
    elf.set_run_path(data, "$ORIGIN/x")
    assert b"\0$ORIGIN/x\0" in data
    assert len(data) == size


def test_run_path_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="don't fit into"):
        elf.set_run_path(bytearray(LIBRARY.read_bytes()), "x" * 10_000)
