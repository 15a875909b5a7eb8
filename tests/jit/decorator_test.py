"""The decorator: styles, keys, threads. The compiler is replaced by a recorder."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import types

import numpy as np
import pytest

import tilescale
from tilescale import errors
from tilescale.jit import compiler, decorator, eager


class Recorder:
    """Stands for `compile_with`."""

    def __init__(self):
        self.compiled = []
        self.lock = threading.Lock()

    def __call__(self, func, options):
        with self.lock:
            self.compiled.append((func, options))
        if func == "bad":
            raise errors.CompileOptionError("bad kernel")
        return FakeKernel(func)


class FakeKernel:
    def __init__(self, func):
        self.func = func

    def __call__(self, *args):
        return self.func, args

    def get_kernel_source(self):
        return f"source of {self.func}"


@pytest.fixture(autouse=True)
def recorder(monkeypatch):
    fake = Recorder()
    monkeypatch.setattr(compiler, "compile_with", fake)
    monkeypatch.setattr(eager, "compile_with", fake)
    return fake


def test_lazy_kernels_are_compiled_once(recorder):
    @tilescale.jit(out_idx=[-1], compile_flags="-O1")
    def make(n, dtype="float32"):
        return f"{n} {dtype}"

    assert make(4) is make(4)
    assert make(4) is not make(5)
    assert make(1) is not make(True)
    assert make([1, 2]) is make([1, 2])
    assert make({"a": [1]}) is make({"a": [1]})
    assert make(4, dtype="float16") is not make(4)
    assert make.get_tir(3) == "3 float32"
    assert make.get_kernel_source(4) == "source of 4 float32"
    assert len(recorder.compiled) == 7
    options = recorder.compiled[0][1]
    assert (options.out_idx, options.compile_flags) == ((-1,), ("-O1",))
    assert not make.is_eager
    assert make.__name__ == "make"
    assert "make" in repr(make)


def test_arguments_that_cannot_be_hashed(recorder):
    @tilescale.jit
    def make(array):
        return str(array.sum())

    make(np.ones(3))
    make(np.ones(3))
    assert len(recorder.compiled) == 2


def test_par_compile_of_the_decorator(recorder):
    @tilescale.jit
    def make(n, m=1):
        return "bad" if n == 13 else f"{n} {m}"

    kernels = make.par_compile([(1, 2), {"n": 3}, 4], num_workers=3)
    assert [k.func for k in kernels] == ["1 2", "3 1", "4 1"]
    assert make(3) is kernels[1]
    with pytest.raises(errors.CompileOptionError):
        make.par_compile([13, 14])
    kernels = make.par_compile([13, 14], ignore_error=True)
    assert kernels[0] is None
    assert kernels[1].func == "14 1"
    assert make.par_compile([]) == []


def test_threads_get_the_same_kernel():
    @tilescale.jit
    def make(n):
        time.sleep(0.05)
        return str(n)

    found = []
    threads = [threading.Thread(target=lambda: found.append(make(1))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


class T:
    """Stands for the language: only its names matter here."""

    Kernel = const = None


@tilescale.jit
def eager_add(A, B, n, block=32):
    T.Kernel(T.const("N"))


class FakeTrace:
    """What the front end returns: A's first extent is a constant, B's is dynamic."""

    launch = ("A", "B", "n")
    tensors = {"A": (0,), "B": ()}  # noqa: RUF012

    def __init__(self, number):
        self.func = types.SimpleNamespace(number=number)

    def key(self, values):
        a, b = values["A"], values["B"]
        return str(a.dtype), a.shape[0], str(b.dtype), b.ndim, values["block"]


@pytest.fixture
def traces(monkeypatch):
    seen = []

    def trace(self, arguments):
        seen.append(dict(arguments))
        return FakeTrace(len(seen))

    monkeypatch.setattr(eager.EagerKernel, "_trace", trace)
    monkeypatch.setattr(eager_add, "_eager", None)
    return seen


def test_eager_kernels_follow_shapes_and_dtypes(traces):
    a, b = np.zeros(4, "float32"), np.zeros(4, "float32")
    func, args = eager_add(a, b, 7)
    assert args[0] is a
    assert args[1] is b
    assert args[2] == 7
    assert traces[0]["block"] == 32
    assert eager_add(b, a, 7)[0] is func
    assert eager_add(a, b, 8)[0] is func, "runtime scalars make no new kernels"
    assert eager_add(a, np.zeros(9, "float32"), 8)[0] is func, "nor do dynamic extents"
    assert len(traces) == 1
    assert eager_add(a, b, 7, block=64)[0] is not func
    assert eager_add(np.zeros(5, "float32"), b, 7)[0] is not func
    assert eager_add(a.astype("float64"), b, 7)[0] is not func
    assert eager_add(a, b.reshape(2, 2), 7)[0] is not func
    assert len(traces) == 5
    assert eager_add.is_eager
    assert eager_add.compile(a, b, 7).func is func


def test_eager_calls_are_forgotten_when_there_are_many(traces, monkeypatch):
    monkeypatch.setattr(eager, "_MAX_CALLS", 3)
    a = np.zeros(4, "float32")
    for n in range(10):
        eager_add(a, np.zeros(n, "float32"), 7)
    assert len(traces) == 1
    assert len(eager_add._eager._calls) <= 3


def test_eager_values_that_cannot_be_hashed(traces):
    a = np.zeros(4, "float32")
    func, _ = eager_add(a, a, 7, block=[1])
    assert eager_add(a, a, 7, block=[1])[0] is func
    assert eager_add(a, a, 7, block=[2])[0] is not func


def test_eager_calls_are_checked(traces):
    with pytest.raises(errors.ArgumentCountError, match="missing a required argument") as info:
        eager_add(np.zeros(4))
    assert info.value.kernel == "eager_add"
    assert info.value.expected == "eager_add(A, B, n, block=32)"
    assert traces == []


def test_out_idx_is_for_the_lazy_style():
    with pytest.raises(errors.CompileOptionError, match=r"T\.empty|eager"):
        tilescale.jit(out_idx=[0])(eager_add.function)


def test_bad_options_and_uses():
    with pytest.raises(errors.CompileOptionError, match="no option 'outidx'"):
        tilescale.jit(outidx=[0])
    with pytest.raises(errors.CompileOptionError, match="decorates functions"):
        tilescale.jit("text")
    lazy = tilescale.jit(target="riscv")(lambda: "f")
    with pytest.raises(errors.UnknownTargetError):
        lazy()


def test_only_traced_functions_are_compiled(monkeypatch):
    monkeypatch.undo()
    with pytest.raises(errors.CompileOptionError, match="only traced functions"):
        tilescale.compile(lambda: None)


def test_decorator_without_arguments_equals_empty_parentheses():
    assert isinstance(tilescale.jit()(lambda: "f"), decorator.JITFunction)


IMPORT = """
import sys
import tilescale
assert tilescale.jit.__name__ == "jit"
assert "torch" not in sys.modules and "tvm_ffi" not in sys.modules, sorted(sys.modules)
import tilescale.jit.cache
from tilescale.jit import toolchain
assert tilescale.jit.__name__ == "jit"
for name in tilescale.__all__:
    getattr(tilescale, name)
assert "torch" not in sys.modules
assert set(tilescale.__all__) <= set(dir(tilescale))
"""


def test_import_is_light():
    subprocess.run(
        [sys.executable, "-c", IMPORT], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )


def test_log_level():
    import logging

    logger = logging.getLogger("tilescale")
    before = logger.level
    tilescale.set_log_level("debug")
    assert logger.level == logging.DEBUG
    tilescale.set_log_level(before)
    assert logger.level == before
    with pytest.raises(errors.CompileOptionError, match="shout"):
        tilescale.set_log_level("shout")


def test_number_of_threads():
    before = tilescale.get_num_threads()
    tilescale.set_num_threads(3)
    assert tilescale.get_num_threads() == 3
    tilescale.set_num_threads(before)
    for bad in (-1, True, "2", 1 << 20):
        with pytest.raises(errors.CompileOptionError):
            tilescale.set_num_threads(bad)
