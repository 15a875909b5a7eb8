"""Compiled kernels of the simulator are kept like those of every target."""

import inspect
import multiprocessing
import shutil
import weakref

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tilescale import errors
from tilescale.jit.cache import KernelCache
from tilescale.sim import build


@T.prim_func
def add_one(A: T.Tensor((64,), "int32")):
    with T.Kernel(1, threads=32):
        for i in T.Parallel(64):
            A[i] = A[i] + 1


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run_once():
    a = np.zeros(64, np.int32)
    kernel = tilescale.compile(add_one, target="sim")
    kernel(a)
    np.testing.assert_array_equal(a, 1)
    return kernel.last_report


def entry_of(root):
    (library,) = root.rglob("kernel.so")
    return library.parent


def shorten(folder, size):
    """In a new file: this process may have the old one in its memory."""
    library = folder / "kernel.so"
    data = library.read_bytes()[:size]
    library.unlink()
    library.write_bytes(data)


def replace_by_file(folder):
    shutil.rmtree(folder)
    folder.write_text("no folder")


DAMAGES = {
    "truncated": lambda folder: shorten(folder, 4000),
    "empty": lambda folder: shorten(folder, 0),
    "without a library": lambda folder: (folder / "kernel.so").unlink(),
    "without a manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a file": replace_by_file,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_entry_is_made_anew(root, damage):
    run_once()
    damage(entry_of(root))
    run_once()
    assert KernelCache().info().entries == 1


def test_an_entry_is_used_again_and_counted(root, monkeypatch):
    run_once()
    assert KernelCache().info().entries == 1
    monkeypatch.setattr(build, "_build", None)
    run_once()
    assert KernelCache().clear() == 1
    assert not list(root.rglob("kernel.so"))


def test_a_disabled_cache_stores_nothing(root, monkeypatch):
    monkeypatch.setenv("TILESCALE_DISABLE_CACHE", "1")
    run_once()
    assert not root.exists()


def make_race():
    @T.prim_func
    def race(A: T.Tensor((64,), "int32")):
        with T.Kernel(2, threads=32) as bx:
            A[0] = bx

    return race


RACE_LINE = inspect.getsourcelines(make_race)[1] + 4


def test_a_cleared_cache_does_not_hide_findings(root):
    kernel = tilescale.compile(make_race(), target="sim")
    for _ in range(2):
        with pytest.raises(errors.RaceError) as info:
            kernel(np.zeros(64, np.int32))
        assert info.value.span.line == RACE_LINE
        KernelCache().clear()


def test_a_fork_that_ends_takes_nothing_away(root, monkeypatch):
    monkeypatch.setenv("TILESCALE_DISABLE_CACHE", "1")
    kernel = tilescale.compile(make_race(), target="sim")
    for _ in range(2):
        with pytest.raises(errors.RaceError) as info:
            kernel(np.zeros(64, np.int32))
        assert info.value.span.line == RACE_LINE
        child = multiprocessing.get_context("fork").Process(target=run_finalizers)
        child.start()
        child.join()


def run_finalizers():
    """As the end of a process does that `os.fork` made."""
    weakref.finalize._exitfunc()


def test_a_relative_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TILESCALE_CACHE_DIR", "here/cache")
    run_once()
    assert list((tmp_path / "here" / "cache").rglob("kernel.so"))


def test_a_failed_compilation_leaves_nothing(root, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for problem in (errors.InternalError, KeyboardInterrupt):

        def stop(*_, problem=problem):
            raise problem("stop")

        monkeypatch.setattr(build, "_run", stop)
        with pytest.raises(problem):
            run_once()
    assert not list(root.rglob("kernel.*")) and not list(tmp_path.glob("tilescale-*"))


@pytest.mark.parametrize("script", ["#!/bin/sh\necho 9.4.0\n", "#!/no/such/shell\n", None])
def test_a_compiler_that_does_not_do(root, tmp_path, monkeypatch, script):
    if script is not None:
        (tmp_path / "g++").write_text(script)
        (tmp_path / "g++").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    build.compiler.cache_clear()
    try:
        with pytest.raises(errors.MissingCompilerError, match=r"g\+\+") as info:
            run_once()
    finally:
        build.compiler.cache_clear()
    assert info.value.expected == "g++ 12 or later"
