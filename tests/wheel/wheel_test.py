"""The wheel, installed with pip into new virtual environments, outside the source tree."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

VERSIONS = ("3.11", "3.12")
IMPORT_SECONDS = 0.5

REPORT = """
import sys, time
start = time.perf_counter()
import tilescale
seconds = time.perf_counter() - start
print(tilescale.__file__, seconds, "torch" in sys.modules)
"""


def runfile(pattern: str) -> Path:
    """Returns the one file of the runfiles that fits `pattern`."""
    found = list(Path.cwd().glob(pattern)) or list(Path.cwd().parent.glob(pattern))
    assert len(found) == 1, f"{pattern}: {found}"
    return found[0]


def find_python(version: str) -> Path | None:
    """Returns a CPython of that version: on the PATH, beside the running one, or one of pyenv's."""
    name = f"python{version}"
    running = Path(os.path.realpath(sys.executable))
    homes = [os.environ.get("PYENV_ROOT", ""), f"{pwd.getpwuid(os.getuid()).pw_dir}/.pyenv"]
    folders = [running.parent, Path("/usr/bin"), Path("/usr/local/bin")]
    folders += sorted(running.parents[2].glob(f"{version}*/bin"))
    folders += [
        path for home in homes if home for path in Path(home).glob(f"versions/{version}*/bin")
    ]
    for folder in folders:
        if (folder / name).exists() and works(folder / name, version):
            return folder / name
    return None


def works(python: Path, version: str) -> bool:
    """Whether the interpreter runs, is of that version, and can make virtual environments."""
    text = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-I", "-c", text], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip() == version


def run(*command: object, cwd: Path) -> str:
    """Runs a program in a clean environment; returns its output."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environ, text=True, capture_output=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(params=VERSIONS, scope="module")
def installed(request, tmp_path_factory) -> Path:
    """Returns the interpreter of a virtual environment that has the wheel."""
    python = find_python(request.param)
    if python is None:
        reason = f"there is no CPython {request.param} with ensurepip on this machine"
        if os.environ.get("TILESCALE_REQUIRE_PY312") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("venv")
    run(python, "-I", "-m", "venv", folder / "venv", cwd=folder)
    venv = folder / "venv" / "bin" / "python"
    wheels = runfile("wheelhouse/wheels/numpy-*-cp311-*.whl").parent
    wheel = runfile("tilescale/tilescale-*.whl")
    pip = ("-I", "-m", "pip", "--disable-pip-version-check")
    options = ("--no-index", f"--find-links={wheels}", "--no-cache-dir", "--quiet")
    run(venv, *pip, "install", *options, wheel, cwd=folder)
    assert "No broken requirements" in run(venv, *pip, "check", cwd=folder)
    return venv


def test_import_comes_from_the_wheel_is_quick_and_leaves_torch_alone(installed, tmp_path):
    reports = [run(installed, "-I", "-c", REPORT, cwd=tmp_path).split() for _ in range(3)]
    file, _, torch = reports[0]
    assert Path(file).is_relative_to(installed.parents[1])
    assert file.endswith("site-packages/tilescale/__init__.py")
    assert torch == "False"
    best = min(float(seconds) for _, seconds, _ in reports)
    assert best <= IMPORT_SECONDS, f"import tilescale took {best:.2f} s"


def test_gemm_example_runs_outside_the_source_tree(installed, tmp_path):
    shutil.copy(runfile("examples/gemm.py"), tmp_path)
    assert run(installed, "-I", "gemm.py", cwd=tmp_path).strip()


def test_console_script_is_installed(installed, tmp_path):
    assert "tilescale" in run(installed.with_name("tilescale"), "doctor", cwd=tmp_path).lower()


def test_wheel_holds_the_package_and_nothing_else():
    with zipfile.ZipFile(runfile("tilescale/tilescale-*.whl")) as archive:
        names = archive.namelist()
    assert {"tilescale/__init__.py", "tilescale/libtilescale.so"} <= set(names)
    assert "tilescale/_runtime.abi3.so" in names
    folders = {name.split("/")[0] for name in names}
    assert folders == {"tilescale", "tilescale-0.1.0.dist-info"}
