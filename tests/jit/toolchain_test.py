"""The C compiler is found, its absence has a remedy, its refusals keep the source."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

from tilescale import errors
from tilescale.jit import toolchain


@pytest.fixture
def no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TILESCALE_CC", raising=False)
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)


def compile_text(folder, text, flags=()):
    source = folder / "k.c"
    source.write_text(text)
    toolchain.compile_shared(source, folder / "k.so", flags)
    return folder / "k.so"


def test_compiles(tmp_path):
    library = compile_text(tmp_path, "int answer(void) { return 42; }")
    assert ctypes.CDLL(str(library)).answer() == 42
    assert toolchain.find_compiler().version()


def test_missing_compiler_has_a_one_line_remedy(no_compiler):
    with pytest.raises(errors.MissingCompilerError) as info:
        toolchain.find_compiler()
    assert "\n" not in info.value.remedy
    assert "pip install tilescale[zig]" in info.value.remedy


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ID=debian\n", "apt install gcc libc6-dev"),
        ('ID=mint\nID_LIKE="ubuntu debian"\n', "apt install gcc libc6-dev"),
        ("ID=fedora\n", "dnf install gcc"),
        ("ID=alpine\n", "apk add gcc musl-dev"),
        ("ID=unheard-of\n", "install gcc or clang"),
    ],
)
def test_package_names(monkeypatch, text, command):
    monkeypatch.setattr(Path, "read_text", lambda self, **kwargs: text)
    assert f"`{command}`" in toolchain.missing_compiler("none").remedy


def test_zig_is_the_last_choice(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TILESCALE_CC", raising=False)

    class Spec:
        origin = __file__

    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: Spec())
    assert toolchain.find_compiler().command[-3:] == ("-m", "ziglang", "cc")


def test_requested_compiler(monkeypatch, tmp_path):
    wrapper = tmp_path / "my-cc"
    wrapper.write_text("#!/bin/sh\nexec true\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("TILESCALE_CC", f"{wrapper} -pipe")
    assert toolchain.find_compiler().command == (str(wrapper), "-pipe")
    monkeypatch.setenv("TILESCALE_CC", "no-such-compiler")
    with pytest.raises(errors.MissingCompilerError, match="no-such-compiler"):
        toolchain.find_compiler()


def test_compiler_that_cannot_compile(monkeypatch, tmp_path):
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho 'fatal error: math.h: no such file' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("TILESCALE_CC", str(broken))
    with pytest.raises(errors.MissingCompilerError, match="cannot compile a one-line program"):
        compile_text(tmp_path, "int f(void) { return 1; }")


def test_rejected_source_is_kept(tmp_path):
    with pytest.raises(errors.InternalError, match="rejects the generated source") as info:
        compile_text(tmp_path, "this is no C")
    kept = Path(re.search(r"source (\S+\.c):", info.value.message).group(1))
    assert kept.read_text() == "this is no C"
    kept.unlink()
    kept.parent.rmdir()


def test_unknown_flag_names_the_option(tmp_path):
    with pytest.raises(errors.InternalError) as info:
        compile_text(tmp_path, "int f(void) { return 1; }", ["--no-such-flag"])
    assert "compile_flags" in info.value.remedy


def test_full_disk_is_an_os_error(monkeypatch, tmp_path):
    full = tmp_path / "cc"
    full.write_text("#!/bin/sh\necho 'k.s: No space left on device' >&2\nexit 1\n")
    full.chmod(0o755)
    monkeypatch.setenv("TILESCALE_CC", str(full))
    with pytest.raises(OSError) as info:
        compile_text(tmp_path, "int f(void) { return 1; }")
    assert info.value.errno == 28


def test_timeout(monkeypatch, tmp_path):
    slow = tmp_path / "cc"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("TILESCALE_CC", str(slow))
    monkeypatch.setenv("TILESCALE_COMPILE_TIMEOUT", "1")
    with pytest.raises(errors.TileScaleError, match="did not finish within 1 s"):
        compile_text(tmp_path, "int f(void) { return 1; }")


def test_source_is_completed_once():
    text = toolchain.complete_source('#include "tilescale/kernel_abi.h"\nint x;\n')
    assert "typedef union ts_slot" in text
    assert '\n#include "tilescale' not in text
    assert toolchain.complete_source(text).count("typedef union ts_slot") == 1


def test_cpu_features_are_known():
    assert "flags" in toolchain.cpu_features() or "Features" in toolchain.cpu_features()
