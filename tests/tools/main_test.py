"""The `tilescale` command."""

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tilescale.errors import CommandLineError
from tilescale.jit.cache import KernelCache
from tilescale.tools import doctor, error_reference, main

ROOT = Path(__file__).absolute().parents[2]


@pytest.fixture
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_cache_info_and_clear(cache_folder, capsys):
    KernelCache().store("ab" * 32, {"kernel.c": b"int x;"})
    assert main.run(["cache", "info"]) == 0
    assert capsys.readouterr().out.startswith(f"{cache_folder}: 1 kernels, ")
    assert main.run(["cache", "clear"]) == 0
    assert capsys.readouterr().out == f"{cache_folder}: removed 1 kernels\n"
    assert main.run(["cache", "info"]) == 0
    assert ": 0 kernels, 0 bytes" in capsys.readouterr().out


def test_doctor_says_what_is_there(cache_folder, capsys):
    assert main.run(["doctor"]) == 0
    text = capsys.readouterr().out
    assert re.search(rf"^Python +{re.escape(platform.python_version())} ", text, re.MULTILINE)
    assert "compile and run CPU kernels: ready" in text
    for name in (
        "z3-solver",
        "apache-tvm-ffi",
        "NVRTC",
        "nvJitLink",
        "NVSHMEM",
        "CUDA driver",
        "GPU",
    ):
        assert any(line.startswith(name) for line in text.splitlines()), name


def test_doctor_names_what_is_missing_and_the_remedy(cache_folder, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(cache_folder))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main.run(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "compile and run CPU kernels: not ready" in text
    assert "missing C compiler: no C compiler was found" in text


def test_needs_name_findings():
    names = {finding.name for finding in doctor.examine()}
    assert names.issuperset(name for need in doctor.NEEDS for name in need.findings)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dotcor"], r"`dotcor` is not a command.*expected: doctor, inspect, sim, cache"),
        (["cache"], r"`tilescale cache` takes 1 operand\n.*got: none"),
        (["cache", "burn"], r"`tilescale cache` cannot burn"),
        (["doctor", "now"], r"`tilescale doctor` takes 0 operands"),
    ],
)
def test_wrong_command_line(arguments, message):
    with pytest.raises(CommandLineError) as caught:
        main.run(arguments)

    assert re.search(message, str(caught.value), re.DOTALL)


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_help(arguments):
    done = run_program(arguments)
    assert done.returncode == 0
    assert "tilescale inspect FILE:KERNEL" in done.stdout


def test_program_reports_mistakes_in_one_line_without_traceback():
    done = run_program(["frobnicate"])
    assert done.returncode == 2
    assert done.stderr.startswith("CommandLineError: `frobnicate` is not a command of tilescale\n")
    assert "Traceback" not in done.stderr
    done = run_program(["doctor", "--bogus"])
    assert done.returncode == 2
    assert "bogus" in done.stderr
    assert "Traceback" not in done.stderr


def test_error_reference_is_up_to_date():
    text = (ROOT / "docs" / "errors.md").read_text()
    command = "python -m tilescale.tools.error_reference > docs/errors.md"
    assert text == error_reference.render_markdown(), f"run `{command}`"


def run_program(arguments):
    command = [sys.executable, "-m", "tilescale", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
