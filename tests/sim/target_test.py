"""Functions compiled for the target `sim`: arguments, outputs, options, findings."""

from __future__ import annotations

import importlib.util
import re
from importlib.machinery import SourceFileLoader

import ml_dtypes
import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tilescale import errors, sim
from tilescale.jit.sim import SimKernel
from tilescale.sim import build as sim_build
from tilescale.sim import machine


def make_scale(n="N", dtype="float32"):
    N = T.dynamic("N") if n == "N" else n

    @T.prim_func
    def scale(A: T.Tensor((N,), dtype), B: T.Tensor((N,), dtype), factor: T.float32):
        with T.Kernel(T.ceildiv(N, 64), threads=32) as bx:
            for i in T.Parallel(64):
                B[bx * 64 + i] = A[bx * 64 + i] * factor

    return scale


def make_shift():
    """Each element comes from where a neighbouring thread wrote it."""

    @T.prim_func
    def shift(A: T.Tensor((64,), "int32"), B: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((64,), "int32")
            for i in T.Parallel(64):
                s[i] = A[i]
            for i in T.Parallel(64):
                B[i] = s[(i + 1) % 64]

    return shift


@pytest.fixture(scope="module")
def scale():
    return tilescale.compile(make_scale(), target="sim:sm_80", out_idx=[1])


def test_outputs_and_dynamic_extents(scale):
    assert isinstance(scale, tilescale.JITKernel) and scale.target == "sim:sm_80"
    for n in (1, 64, 200):
        a = np.arange(n, dtype=np.float32)
        np.testing.assert_array_equal(scale(a, 2.0), 2 * a)
    assert scale.last_report.counters["accesses"] == 400
    assert scale(np.zeros(0, np.float32), 2.0).shape == (0,)


def test_narrow_types_and_strides():
    kernel = tilescale.compile(make_scale(40, "bfloat16"), target="sim")
    a = np.arange(40).astype(ml_dtypes.bfloat16)
    b = np.zeros(40, ml_dtypes.bfloat16)
    kernel(a, b, 0.5)
    np.testing.assert_array_equal(b, a * ml_dtypes.bfloat16(0.5))


def test_arguments_may_be_the_same_tensor():
    kernel = tilescale.compile(make_scale(100), target="sim")
    a = np.arange(100, dtype=np.float32)
    kernel(a, a, 3.0)
    np.testing.assert_array_equal(a, 3 * np.arange(100))


def test_argument_errors_are_those_of_every_target(scale):
    with pytest.raises(errors.ArgumentDTypeError, match="`A` of kernel `scale`"):
        scale(np.zeros(4), 1.0)
    with pytest.raises(errors.ArgumentCountError):
        scale(np.zeros(4, np.float32))
    moved = np.zeros(66, np.uint8)[2:].view(np.float32)
    with pytest.raises(errors.ArgumentAlignmentError):
        scale(moved, 1.0)


def test_eager_kernels():
    @tilescale.jit(target="sim:sm_75")
    def add(A, B):
        N = T.const("N")
        A: T.Tensor[[N], T.int32]
        B: T.Tensor[[N], T.int32]
        C = T.empty((N,), T.int32)
        with T.Kernel(1, threads=32):
            for i in T.Parallel(N):
                C[i] = A[i] + B[i]
        return C

    a = np.arange(50, dtype=np.int32)
    np.testing.assert_array_equal(add(a, a), 2 * a)


def test_a_race_names_the_users_lines():
    kernel = tilescale.compile(make_shift(), target="sim")
    a, b = np.arange(64, dtype=np.int32), np.zeros(64, np.int32)
    kernel(a, b)
    np.testing.assert_array_equal(b, np.roll(a, -1))
    racing = tilescale.compile(make_shift(), target="sim")
    without = racing.kernel_source.replace("ts::sync_block();", "", 1)
    racing._launch.text = sim_build.Text(without, "shift")
    # Without the barrier a thread may also read what nobody has written yet.
    with sim.options(checks=("bounds", "races")), pytest.raises(errors.RaceError) as info:
        racing(a, b)
    error = info.value
    assert error.span.file == __file__
    # Vectors are copied on the line of their loop.
    assert re.search(r"s\[|T.Parallel", error.span.source_line())
    assert error.report.kinds() == {"race"}
    assert "block 0, thread" in error.got
    with sim.options(checks="none"):
        racing(a, b)


def test_unwritten_outputs_are_found():
    @T.prim_func
    def half(A: T.Tensor((64,), "int32"), B: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                B[i] = B[i] + A[i]

    kernel = tilescale.compile(half, target="sim", out_idx=[1])
    with pytest.raises(errors.UninitializedReadError) as info:
        kernel(np.zeros(64, np.int32))
    # A vector is loaded in front of the statement that reads its elements.
    assert info.value.span.source_line().split()[0] in ("for", "B[i]")


def test_options_of_block_target_and_environment(monkeypatch):
    seen = []
    real = machine.run

    def run(*args):
        seen.append(args[-1])
        return real(*args)

    monkeypatch.setattr(machine, "run", run)
    monkeypatch.setenv("TILESCALE_SIM_POLICY", "adversarial")
    monkeypatch.setenv("TILESCALE_SIM_SEED", "5")
    target = {"kind": "sim", "arch": "sm_80", "seed": 6, "checks": "races"}
    kernel = tilescale.compile(make_scale(8), target=target, out_idx=[1])
    a = np.zeros(8, np.float32)
    kernel(a, 1.0)
    with sim.options(seed=7, async_policy="late"), sim.options(checks=()):
        kernel(a, 1.0)
    kernel(a, 1.0)
    assert seen[0] == seen[2] == sim.Options(6, "adversarial", "eager", ("races",))
    assert seen[1] == sim.Options(7, "adversarial", "late", ())


def test_kernels_built_together(monkeypatch):
    kernels = [tilescale.compile(make_scale(n), target="sim", out_idx=[1]) for n in (3, 30, 300)]
    kernels.append(tilescale.compile(make_scale(33), target="sim:sm_75", out_idx=[1]))
    sim.build_many(kernels)
    monkeypatch.setattr(sim_build, "_run", None)  # The compiler is not needed any more.
    for kernel, n in zip(kernels, (3, 30, 300, 33), strict=True):
        a = np.arange(n, dtype=np.float32)
        np.testing.assert_array_equal(kernel(a, 2.0), 2 * a)
    cpu = tilescale.compile(make_scale(3), target="cpu")
    with pytest.raises(errors.CompileOptionError, match="not for the simulator"):
        sim.build_many([*kernels, cpu])


def test_a_wrong_text_does_not_spoil_the_others(monkeypatch):
    good = tilescale.compile(make_scale(5), target="sim", out_idx=[1])
    bad = tilescale.compile(make_scale(6), target="sim")
    assert isinstance(bad, SimKernel)
    bad._launch.text = sim_build.Text("nonsense", "scale")
    with pytest.raises(errors.InternalError, match="nonsense"):
        sim.build_many([good, bad])
    np.testing.assert_array_equal(good(np.ones(5, np.float32), 2.0), np.full(5, 2.0))


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    a = np.arange(70, dtype=np.float32)
    b = np.zeros_like(a)
    with pytest.warns(errors.CacheWarning, match="cannot be written"):
        tilescale.compile(make_scale(), target="sim")(a, b, 3.0)
    np.testing.assert_array_equal(b, 3 * a)


def test_limits_of_the_architecture():
    @T.prim_func
    def wide(A: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=32):
            s = T.alloc_shared((20 * 1024,), "float32")
            T.clear(s)
            for i in T.Parallel(64):
                A[i] = s[i]

    with pytest.raises(errors.SharedMemoryLimitError, match="than a block of sm_75"):
        tilescale.compile(wide, target="sim:sm_75")
    tilescale.compile(wide, target="sim:sm_80")(np.zeros(64, np.float32))


def test_the_profiler_makes_inputs(scale):
    inputs = scale.get_profiler().get_inputs({"N": 9, "factor": 2.0})
    np.testing.assert_array_equal(scale(*inputs), 2 * inputs[0])


def test_limits_of_a_grid():
    @T.prim_func
    def kernel(A: T.Tensor((64,), "float32"), rows: T.int32):
        with T.Kernel(1, rows, threads=32) as (_, by):
            if by == 0:
                A[0] = 1.0

    run = tilescale.compile(kernel, target="sim:sm_80")
    with pytest.raises(errors.GridLimitError) as caught:
        run(np.zeros(64, np.float32), 65536)
    assert caught.value.got == "(1, 65536, 1)"
    assert "65535" in caught.value.expected
    assert "largest extent first" in caught.value.remedy


@pytest.mark.parametrize("name", ["my kernels.py", "k\u00e9rnels:1.py"])
def test_findings_in_files_with_odd_names(tmp_path, name):
    path = tmp_path / "a folder" / name
    path.parent.mkdir()
    path.write_text(
        "import tilescale.language as T\n"
        "@T.prim_func\n"
        'def race(A: T.Tensor((64,), "int32")):\n'
        "    with T.Kernel(2, threads=32) as bx:\n"
        "        A[0] = bx\n"
    )
    spec = importlib.util.spec_from_loader("odd", SourceFileLoader("odd", str(path)))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(errors.RaceError) as info:
        tilescale.compile(module.race, target="sim")(np.zeros(64, np.int32))
    assert (info.value.span.file, info.value.span.line) == (str(path), 5)
