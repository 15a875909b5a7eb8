"""tools/pypi/fetch_wheel.py against a folder of wheels made here: no network."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

TOOL = pathlib.Path("tools/pypi/fetch_wheel.py")


def make_wheel(folder: pathlib.Path, members: dict[str, bytes]) -> str:
    """Writes demo-1.0-py3-none-any.whl with `members` into `folder`; returns its sha256."""
    info = "demo-1.0.dist-info"
    folder.mkdir()
    wheel = folder / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def run(
    folder: pathlib.Path, spec: dict[str, object], index: pathlib.Path
) -> subprocess.CompletedProcess[str]:
    """Runs the helper in `folder` with pip confined to the wheels in `index`."""
    (folder / "spec.json").write_text(json.dumps(spec))
    # The Bazel interpreter sees no packages, hence no pip: the interpreter behind it does.
    python = os.path.realpath(sys.executable)
    environ = os.environ | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "PIP_CONFIG_FILE": os.devnull,
    }
    environ.pop("PYTHONPATH", None)
    return subprocess.run(
        [python, str(TOOL.absolute()), "spec.json"],
        cwd=folder,
        env=environ,
        text=True,
        capture_output=True,
    )


def demo_spec(digest: str, requirement: str = "demo==1.0", **more: object) -> dict[str, object]:
    packages = [{"requirement": requirement, "hashes": ["0" * 64, digest]}]
    return {"packages": packages, "unpack": "site-packages", **more}


def test_unpacks_what_an_installer_would(tmp_path: pathlib.Path) -> None:
    members = {
        "demo/__init__.py": b"x = 1\n",
        "demo/skipped.txt": b"",
        "demo/libdemo.so": b"library",
        "demo/libdemo.so.1": b"library",
        "demo-1.0.data/purelib/demo/pure.py": b"",
        "demo-1.0.data/scripts/demo-tool": b"#!python",
        "demo-1.0.data/headers/demo.h": b"",
    }
    digest = make_wheel(tmp_path / "index", members)
    done = run(
        tmp_path, demo_spec(digest, exclude=["demo/skipped*"], keep="wheels"), tmp_path / "index"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "demo-1.0-py3-none-any.whl\n"
    site = tmp_path / "site-packages"
    names = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    names = {name for name in names if ".dist-info" not in name and "__pycache__" not in name}
    expected = {
        "demo/__init__.py",
        "demo/libdemo.so",
        "demo/libdemo.so.1",
        "demo/pure.py",
        "bin/demo-tool",
    }
    assert names == expected
    assert (site / "demo/libdemo.so.1").is_symlink()
    assert list(site.rglob("__init__.*.pyc"))
    assert (tmp_path / "wheels" / "demo-1.0-py3-none-any.whl").exists()


def test_wrong_hash_says_so_and_unpacks_nothing(tmp_path: pathlib.Path) -> None:
    make_wheel(tmp_path / "index", {"demo/__init__.py": b"tampered"})
    done = run(tmp_path, demo_spec("1" * 64), tmp_path / "index")
    assert done.returncode == 1
    assert (
        "the wheel that the package index serves for demo==1.0 is not the one that was locked"
        in done.stderr
    )
    assert "tools/pypi/lock.py" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "site-packages").exists()


def test_missing_package_points_to_pips_configuration(tmp_path: pathlib.Path) -> None:
    digest = make_wheel(tmp_path / "index", {"demo/__init__.py": b""})
    done = run(tmp_path, demo_spec(digest, requirement="other==2.0"), tmp_path / "index")
    assert done.returncode == 1
    assert "the package index has no wheel of other==2.0" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("member", ["../outside.py", "demo/../../outside.py"])
def test_member_outside_its_folder_is_refused(tmp_path: pathlib.Path, member: str) -> None:
    digest = make_wheel(tmp_path / "index", {member: b""})
    done = run(tmp_path, demo_spec(digest), tmp_path / "index")
    assert done.returncode == 1
    assert "has a member outside its folder" in done.stderr
    assert not (tmp_path / "outside.py").exists()
