"""tools/python/find_torch.py on folders that look like site-packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TOOL = Path("tools/python/find_torch.py").absolute()


def add_package(site: Path, name: str, requires: list[str]) -> None:
    """Makes a package `name` with one module, as an installer leaves it."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / name).mkdir()
    (site / name / "__init__.py").write_text("")
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
    rows = [f"{name}/__init__.py", f"{info.name}/METADATA", f"../../bin/{name}"]
    (info / "RECORD").write_text("".join(f"{row},,\n" for row in rows))


def report(site: Path) -> dict[str, object]:
    environ = os.environ | {"PYTHONPATH": str(site)}
    command = [sys.executable, "-S", str(TOOL)]
    return json.loads(subprocess.check_output(command, env=environ, text=True))


def test_follows_requirements_but_not_extras_or_locked_packages(tmp_path):
    add_package(tmp_path, "torch", ["sympy>=1.13", "numpy", 'optree; extra == "optree"', "absent"])
    for name, requires in {"sympy": ["mpmath<2"], "mpmath": [], "optree": [], "numpy": []}.items():
        add_package(tmp_path, name, requires)
    found = report(tmp_path)
    assert found["version"] == "1.0"
    names = {name for name in found["entries"] if "dist-info" not in name}
    assert names == {"torch", "sympy", "mpmath"}
    assert found["entries"]["torch"] == str(tmp_path / "torch")


def test_without_torch_nothing_is_exposed(tmp_path):
    add_package(tmp_path, "sympy", [])
    found = report(tmp_path)
    assert (found["version"], found["entries"]) == ("", {})
