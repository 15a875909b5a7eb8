"""Kernels are compiled once, found again, and rebuilt when what they depend on has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.runtime import c_kernels as ck
from tilescale.errors import CacheWarning, TileScaleError
from tilescale.jit import build as build_module
from tilescale.jit import cache as cache_module
from tilescale.jit import toolchain
from tilescale.jit.build import Lowered, build
from tilescale.jit.cpu import CpuKernel, CpuMaker

SOURCE = ck._HEADER.replace("{scratch}", "0") + "\n".join(
    [
        ck.ADD_EXPRS,
        "int32_t ts_tiles(const ts_slot* slots, ts_ctx* ctx, int64_t begin, int64_t end) {",
        ck.ADD_BODY,
        "return 0; }",
    ]
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache_module._SWITCH, "enabled", True)
    cache_module._WARNED.clear()


class Lower:
    """A compiler that counts how often it runs."""

    def __init__(self, **fields):
        self.runs = 0
        self.fields = fields

    def __call__(self):
        self.runs += 1
        return Lowered(SOURCE, ck.add_signature(**self.fields))


def make(lower, key="key", spans="spans", flags=()):
    return build(key, lambda: spans, tuple(flags), lower, CpuMaker())


def check_works(artifact):
    a, c = np.arange(100, dtype="float32"), np.zeros(100, "float32")
    CpuKernel(artifact)(a, a, c)
    np.testing.assert_array_equal(c, a + a)


def test_second_build_is_a_hit():
    lower = Lower()
    first = make(lower)
    second = make(lower)
    assert (first.from_cache, second.from_cache, lower.runs) == (False, True, 1)
    assert first.binary == second.binary
    assert first.source == second.source
    assert first.signature == second.signature
    check_works(second)


def test_key_flags_and_environment_make_other_entries(monkeypatch):
    lower = Lower()
    make(lower)
    make(lower, key="other")
    make(lower, flags=["-DX"])
    monkeypatch.setattr(toolchain, "cpu_features", lambda: "another CPU")
    make(lower)
    assert lower.runs == 4


def test_another_compiler_makes_another_entry(monkeypatch, tmp_path):
    lower = Lower()
    make(lower)
    wrapper = tmp_path / "cc"
    wrapper.write_text(f'#!/bin/sh\nexec {toolchain.find_compiler()} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("TILESCALE_CC", str(wrapper))
    check_works(make(lower))
    assert lower.runs == 2


def test_hit_needs_no_compiler_run(monkeypatch):
    lower = Lower()
    make(lower)

    def fail(*args, **kwargs):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", fail)
    assert make(lower).from_cache


def test_moved_lines_matter_only_with_sites():
    plain = Lower()
    make(plain, spans="line 1")
    make(plain, spans="line 2")
    assert plain.runs == 1
    asserting = Lower(sites=[{"message": "m", "span": None}])
    make(asserting, key="k2", spans="line 1")
    make(asserting, key="k2", spans="line 2")
    assert asserting.runs == 2
    assert make(asserting, key="k2", spans="line 1").from_cache
    assert make(asserting, key="k2", spans="line 2").from_cache
    assert asserting.runs == 2


@pytest.mark.parametrize("content", [b"", b"\x7fELF truncated", b"garbage" * 1000])
def test_damaged_library_is_rebuilt(content):
    lower = Lower()
    library = make(lower).binary
    library.unlink()
    library.write_bytes(content)
    again = make(lower)
    assert (again.from_cache, lower.runs) == (False, 2)
    check_works(again)
    assert make(lower).from_cache


def test_unwritable_cache_still_works(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    lower = Lower()
    with pytest.warns(CacheWarning):
        artifact = make(lower)
    check_works(artifact)
    folder = artifact.binary.parent
    assert folder.exists()
    del artifact
    assert not folder.exists()


def test_disabled_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(cache_module._SWITCH, "enabled", False)
    lower = Lower()
    check_works(make(lower))
    check_works(make(lower))
    assert lower.runs == 2
    assert not (tmp_path / "cache").exists()


def test_full_temporary_folder_falls_back(monkeypatch):
    real = toolchain.compile_shared
    tried = []

    def full_at_first(source, output, flags=()):
        tried.append(output)
        if len(tried) == 1:
            raise OSError(28, "No space left on device")
        real(source, output, flags)

    monkeypatch.setattr(toolchain, "compile_shared", full_at_first)
    if Path("/dev/shm").is_dir():
        check_works(make(Lower()))
        assert len(tried) == 2

    def always_full(source, output, flags=()):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(toolchain, "compile_shared", always_full)
    with pytest.raises(TileScaleError, match="no temporary folder") as info:
        make(Lower(), key="other")
    assert "TMPDIR" in info.value.remedy


def test_hash_knows_where_parts_end():
    assert build_module.hash_parts("ab", "c") != build_module.hash_parts("a", "bc")


RACER = """
import sys
from tests.jit import build_test
sys.stdin.readline()
for key in "abc":
    build_test.check_works(build_test.make(build_test.Lower(), key=key))
"""


def test_eight_processes_race(tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TILESCALE_CACHE_DIR": str(tmp_path / "race"),
    }
    racers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", RACER], stdin=subprocess.PIPE, env=environment
        )
        for _ in range(8)
    ]
    for racer in racers:
        racer.stdin.write(b"\n")
        racer.stdin.flush()
    assert [racer.wait(timeout=200) for racer in racers] == [0] * 8
    assert cache_module.KernelCache(tmp_path / "race").info().entries == 3
