"""bazelw on machines that lack something, played with a PATH of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BAZELW = Path("bazelw").absolute()
TOOLS = ("bash", "cat", "dirname", "env", "sh")


class Machine:
    """A folder of programs that is the whole PATH; each stand-in writes its arguments to a log."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.bin.mkdir()
        self.log.write_text("")
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))

    def add(self, name: str, script: str = "") -> None:
        program = self.bin / name
        program.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {self.log}\n{script}\n')
        program.chmod(0o755)

    def add_python(self) -> None:
        # Not a link: a virtual environment is found by where its interpreter lies.
        python = os.path.realpath(sys.executable)
        (self.bin / "python3").write_text(f'#!/bin/sh\nexec {python} "$@"\n')
        (self.bin / "python3").chmod(0o755)

    def run(self, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BAZELW, *args],
            env={"PATH": str(self.bin), **environ},
            text=True,
            capture_output=True,
        )


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def complete(machine: Machine) -> None:
    machine.add_python()
    machine.add("g++")
    machine.add("bazel")


def test_complete_machine_runs_bazel_with_all_arguments(machine):
    complete(machine)
    machine.add("apt-get")
    assert machine.run("test", "//...").returncode == 0
    assert machine.log.read_text() == "bazel test //...\n"


def test_check_lists_what_is_missing(machine):
    machine.add_python()
    done = machine.run(TILESCALE_BAZELW_CHECK="1")
    assert (done.returncode, done.stdout) == (0, "bazel-bootstrap\ng++\n")


def test_missing_python_needs_headers_pip_and_venv(machine):
    machine.add("g++")
    machine.add("bazel")
    done = machine.run(TILESCALE_BAZELW_CHECK="1")
    assert done.stdout.split() == ["python3", "python3-dev", "python3-pip", "python3-venv"]


def test_root_installs_after_saying_what(machine):
    machine.add_python()
    machine.add("id", "echo 0")
    machine.add("g++")
    bazel = machine.bin / "bazel"
    machine.add("apt-get", f"printf '#!/bin/sh\\necho built\\n' > {bazel}; /bin/chmod +x {bazel}")
    done = machine.run("version")
    assert done.returncode == 0, done.stderr
    assert "installing with apt-get: bazel-bootstrap" in done.stderr
    assert (
        "apt-get install -y -q --no-install-recommends bazel-bootstrap" in machine.log.read_text()
    )
    assert done.stdout == "built\n"


def test_without_root_one_line_to_run_is_printed(machine):
    machine.add_python()
    machine.add("id", "echo 1000")
    machine.add("apt-get")
    done = machine.run("version")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[-1] == "sudo apt-get install --no-install-recommends bazel-bootstrap g++"
    assert "apt-get" not in machine.log.read_text()


def test_without_apt_the_remedy_is_named(machine):
    machine.add_python()
    done = machine.run("version")
    assert done.returncode == 1
    assert "lacks: bazel-bootstrap g++" in done.stderr
    assert "bazelisk" in done.stderr


def test_bazelisk_gets_a_pinned_version(machine):
    complete(machine)
    (machine.bin / "bazel").unlink()
    machine.add("bazelisk", 'echo "$USE_BAZEL_VERSION"')
    assert machine.run("build").stdout.startswith("4.2.")
    assert machine.run("build", USE_BAZEL_VERSION="7.1.0").stdout == "7.1.0\n"
