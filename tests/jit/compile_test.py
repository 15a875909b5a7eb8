"""From the language to a running kernel: every way to compile, and what comes back."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tvm_ffi

import tilescale
import tilescale.language as T
from tilescale import errors
from tilescale.jit import cache as cache_module
from tilescale.jit import toolchain


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache_module._SWITCH, "enabled", True)


def scaled(n, factor=2.0, block=32):
    @T.prim_func
    def scale(A: T.Tensor((n,), "float32"), B: T.Tensor((n,), "float32")):
        with T.Kernel(T.ceildiv(n, block), threads=32) as bx:
            for i in T.Parallel(block):
                B[bx * block + i] = A[bx * block + i] * factor

    return scale


lazy_scaled = tilescale.jit(out_idx=[-1])(scaled)


def test_compile_and_call():
    kernel = tilescale.compile(scaled(100))
    a, b = np.arange(100, dtype="float32"), np.zeros(100, "float32")
    assert kernel(a, b) is None
    np.testing.assert_array_equal(b, 2 * a)
    assert "ts_tiles" in kernel.get_kernel_source()
    assert "typedef union ts_slot" in kernel.get_kernel_source()
    assert kernel.prim_func is not None
    assert [(p.name, p.shape) for p in kernel.params] == [("A", (100,)), ("B", (100,))]


def test_out_idx_returns_the_output():
    a = np.arange(70, dtype="float32")
    np.testing.assert_array_equal(lazy_scaled(70)(a), 2 * a)
    assert lazy_scaled(70) is lazy_scaled(70)
    assert lazy_scaled(70).out_idx == [1]


def test_argument_errors_show_the_parameter():
    kernel = tilescale.compile(scaled(100))
    with pytest.raises(errors.ArgumentShapeError, match="`B`") as info:
        kernel(np.zeros(100, "float32"), np.zeros(99, "float32"))
    assert info.value.expected == "(100,)"
    line = 'def scale(A: T.Tensor((n,), "float32"), B: T.Tensor((n,), "float32")):'
    shown = info.value.span.source_line()
    assert shown.strip() == line
    assert shown[info.value.span.column - 1 : info.value.span.end_column - 1] == "B"
    with pytest.raises(errors.ArgumentCountError) as info:
        kernel(np.zeros(100, "float32"))
    assert shown[info.value.span.column - 1 : info.value.span.end_column - 1] == "scale"
    read_only = np.zeros(100, "float32")
    read_only.flags.writeable = False
    kernel(read_only, np.zeros(100, "float32"))
    with pytest.raises(errors.ArgumentReadOnlyError, match="`B`"):
        kernel(np.zeros(100, "float32"), read_only)


def test_dynamic_shapes():
    m, n = T.dynamic("m"), T.dynamic("n")

    @T.prim_func
    def double_rows(A: T.Tensor((m, n), "float32"), B: T.Tensor((m * 2, n), "float32")):
        with T.Kernel(T.ceildiv(n, 16), m, threads=16) as (bx, by):
            for j in T.Parallel(16):
                B[by * 2, bx * 16 + j] = A[by, bx * 16 + j]
                B[by * 2 + 1, bx * 16 + j] = A[by, bx * 16 + j]

    kernel = tilescale.compile(double_rows, out_idx=[-1])
    for rows, columns in [(3, 5), (1, 16), (4, 33), (0, 4), (4, 0)]:
        a = np.arange(rows * columns, dtype="float32").reshape(rows, columns)
        np.testing.assert_array_equal(kernel(a), np.repeat(a, 2, axis=0))
    kernel = tilescale.compile(double_rows)
    with pytest.raises(errors.ArgumentShapeError, match="dimension 0 is 5, not 6") as info:
        kernel(np.zeros((3, 5), "float32"), np.zeros((5, 5), "float32"))
    assert info.value.argument == "B"


def test_symbol_that_no_argument_tells():
    n = T.dynamic("n")

    @T.prim_func
    def half(A: T.Tensor((n * 2,), "float32")):
        with T.Kernel(n, threads=1) as bx:
            A[bx] = 1.0

    with pytest.raises(errors.UnboundSymbolError, match="depends on `n`"):
        tilescale.compile(half)

    @T.prim_func
    def told(A: T.Tensor((n * 2,), "float32"), n: T.int32):
        with T.Kernel(1, threads=1):
            A[n] = 1.0

    with pytest.raises(errors.UnboundSymbolError, match="depends on `n`"):
        tilescale.compile(told)


@tilescale.jit
def eager_sums(A, B, scale: T.float32, block: int = 16):
    N = T.const("N")
    A: T.Tensor[[N], T.float32]
    B: T.Tensor[[N], T.float32]
    plus = T.empty((N,), T.float32)
    minus = T.empty((N,), T.float32)
    with T.Kernel(T.ceildiv(N, block), threads=16) as bx:
        for i in T.Parallel(block):
            plus[bx * block + i] = A[bx * block + i] + B[bx * block + i] * scale
            minus[bx * block + i] = A[bx * block + i] - B[bx * block + i] * scale
    return minus, plus


def test_eager():
    for n in (5, 40):
        a, b = np.arange(n, dtype="float32"), np.full(n, 3, "float32")
        for scale in (2.0, 4.0):
            minus, plus = eager_sums(a, b, scale)
            np.testing.assert_array_equal(plus, a + b * scale)
            np.testing.assert_array_equal(minus, a - b * scale)
    assert len(eager_sums._eager._variants) == 2
    with pytest.raises(errors.ArgumentShapeError):
        eager_sums(np.zeros(4, "float32"), np.zeros(5, "float32"), 1.0)
    with pytest.raises(errors.ArgumentDTypeError, match="`B`") as info:
        eager_sums(np.zeros(4, "float32"), np.zeros(4, "float64"), 1.0)
    assert info.value.span.source_line() == "    B: T.Tensor[[N], T.float32]"


def test_get_tir_and_lower():
    func = lazy_scaled.get_tir(64)
    lowered = tilescale.lower(func)
    assert lowered.name == "scale"
    assert lowered.target == "cpu"
    assert "ts_tiles" in lowered.kernel_source
    assert [p.name for p in lowered.params] == ["A", "B"]


def test_lower_needs_no_c_compiler(monkeypatch):
    monkeypatch.setattr(toolchain, "find_compiler", None)
    assert tilescale.lower(scaled(8)).kernel_source


def test_par_compile():
    sizes = [10, 20, 30]
    kernels = tilescale.par_compile([scaled(n) for n in sizes], num_workers=3, out_idx=[-1])
    for n, kernel in zip(sizes, kernels, strict=True):
        a = np.arange(n, dtype="float32")
        np.testing.assert_array_equal(kernel(a), 2 * a)
    assert tilescale.par_compile([scaled(5), "nonsense"], ignore_error=True)[1] is None
    with pytest.raises(errors.CompileOptionError):
        tilescale.par_compile(["nonsense"])


def test_profiler():
    profiler = lazy_scaled(1000).get_profiler()
    profiler.assert_allclose(lambda a: a * 2, rtol=0, atol=0, max_mismatched_ratio=0)
    with pytest.raises(errors.ResultMismatchError):
        profiler.assert_allclose(lambda a: a * 3)
    profiler.assert_consistent(3)
    assert profiler.do_bench(warmup=1, rep=2) > 0
    assert profiler.run_once().shape == (1000,)


def test_export(tmp_path):
    tilescale.compile(scaled(50)).export(tmp_path / "k.so")
    module = tvm_ffi.load_module(str(tmp_path / "k.so"))
    a, b = np.arange(50, dtype="float32"), np.zeros(50, "float32")
    module.scale(tvm_ffi.from_dlpack(a), tvm_ffi.from_dlpack(b))
    np.testing.assert_array_equal(b, 2 * a)


def test_sources_go_to_the_debug_folder(tmp_path):
    tilescale.compile(scaled(50), debug_root_path=tmp_path / "debug")
    assert "ts_tiles" in (tmp_path / "debug" / "scale.c").read_text()


def test_stages_go_to_the_dump_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TILESCALE_DUMP", str(tmp_path / "dump"))
    monkeypatch.setenv("TILESCALE_PRINT_SOURCE", "1")
    kernel = tilescale.compile(scaled(50))
    folder = tmp_path / "dump" / "scale"
    names = sorted(path.name for path in folder.iterdir())
    assert names[0] == "00_tile.txt"
    assert names[-1] == "kernel.c"
    assert len(names) > 5
    assert "grid" in (folder / "00_tile.txt").read_text()
    assert (folder / "kernel.c").read_text() == kernel.kernel_source
    assert kernel.kernel_source in capsys.readouterr().out


def test_folders_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.CompileOptionError, match="debug_root_path"):
        tilescale.compile(scaled(50), debug_root_path=tmp_path / "file" / "debug")
    monkeypatch.setenv("TILESCALE_DUMP", str(tmp_path / "file"))
    with pytest.raises(errors.CompileOptionError, match="TILESCALE_DUMP"):
        tilescale.compile(scaled(50))


def test_pass_configs_and_flags_change_the_key():
    first = tilescale.compile(scaled(50))
    assert tilescale.compile(scaled(50)).from_cache
    assert not tilescale.compile(scaled(50), compile_flags="-O1").from_cache
    configs = {tilescale.PassConfigKey.TL_ENABLE_FAST_MATH: True}
    assert not tilescale.compile(scaled(50), pass_configs=configs).from_cache
    assert not tilescale.compile(scaled(51)).from_cache
    assert not tilescale.compile(scaled(50, factor=3.0)).from_cache
    assert not first.from_cache


def asserting(text):
    """The same kernel at two places of a file, by where its text starts."""
    return "\n" * len(text) + (
        "import tilescale.language as T\n"
        "@T.prim_func\n"
        "def check(A: T.Tensor((8,), 'float32')):\n"
        "    with T.Kernel(1, threads=8) as bx:\n"
        "        for i in T.Parallel(8):\n"
        "            T.device_assert(A[i] > 0, 'A must be positive')\n"
    )


def load_kernel(path, text):
    path.write_text(text)
    namespace = {"__name__": "kernels"}
    exec(compile(text, str(path), "exec"), namespace)
    return namespace["check"]


@pytest.mark.parametrize("shift", ["", "three"])
def test_device_assert_names_the_line_also_from_the_cache(tmp_path, shift):
    base = tilescale.compile(load_kernel(tmp_path / "base.py", asserting("")))
    func = load_kernel(tmp_path / "kernels.py", asserting(shift))
    for _ in range(2):
        kernel = tilescale.compile(func)
        kernel(np.ones(8, "float32"))
        with pytest.raises(errors.KernelAssertionError, match="A must be positive") as info:
            kernel(np.zeros(8, "float32"))
        assert info.value.span.file == str(tmp_path / "kernels.py")
        assert info.value.span.line == 6 + len(shift)
    assert kernel.from_cache
    assert not base.from_cache


def test_print(capsys):
    @T.prim_func
    def show(A: T.Tensor((2,), "int32")):
        with T.Kernel(1, threads=1):
            T.print(A[1], msg="second")

    kernel = tilescale.compile(show)
    for _ in range(3):
        kernel(np.array([1, 42], "int32"))
        out = capsys.readouterr().out
        assert "second" in out
        assert "42" in out


def test_annotated_flags():
    @T.prim_func
    def flagged(A: T.Tensor((2,), "float32")):
        T.annotate_compile_flags(["-DNOT_USED"])
        with T.Kernel(1, threads=1) as bx:
            A[bx] = 1.0

    seen = []
    real = toolchain.compile_shared
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            toolchain,
            "compile_shared",
            lambda s, o, flags=(): (seen.append(tuple(flags)), real(s, o, flags)),
        )
        tilescale.compile(flagged, compile_flags="-DUSER")
    assert seen == [("-DNOT_USED", "-DUSER")]


CHILD = """
import numpy as np
from tests.jit import compile_test
kernel = compile_test.lazy_scaled(123)
a = np.arange(123, dtype="float32")
assert (kernel(a) == 2 * a).all()
print(kernel.from_cache)
"""


def test_another_process_finds_the_kernel(tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TILESCALE_CACHE_DIR": str(tmp_path / "shared"),
    }
    seen = [
        subprocess.run(
            [sys.executable, "-c", CHILD], env=environment, check=True, capture_output=True
        ).stdout
        for _ in range(2)
    ]
    assert seen == [b"False\n", b"True\n"]


def test_eight_processes_compile_the_same_kernel(tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TILESCALE_CACHE_DIR": str(tmp_path / "shared"),
    }
    racers = [
        subprocess.Popen(
            [sys.executable, "-W", "error::tilescale.errors.TileScaleWarning", "-c", CHILD],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(8)
    ]
    assert [racer.wait(timeout=250) for racer in racers] == [0] * 8
    assert cache_module.KernelCache(tmp_path / "shared").info().entries == 1


def test_missing_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TILESCALE_CC", raising=False)
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.MissingCompilerError, match="CPU kernels need one"):
        tilescale.compile(scaled(9))
