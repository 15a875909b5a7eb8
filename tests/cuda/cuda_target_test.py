"""Functions compiled for the target `cuda`, as far as that goes without a GPU."""

from __future__ import annotations

import hashlib
import warnings

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tilescale import _runtime, errors
from tilescale.cuda import CudaBinary, disassemble
from tilescale.jit import cuda as cuda_target
from tilescale.jit.options import make_options
from tilescale.sim import build as sim_build
from tilescale.tools import cuda_driver

HAS_GPU = bool(getattr(cuda_driver.probe(), "devices", ()))


@pytest.fixture(autouse=True)
def private_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))


def make_add(n=256):
    @T.prim_func
    def add(A: T.Tensor((n,), "float32"), B: T.Tensor((n,), "float32")):
        with T.Kernel(T.ceildiv(n, 128), threads=64) as bx:
            s = T.alloc_shared((128,), "float32")
            T.copy(A[bx * 128], s)
            for i in T.Parallel(128):
                B[bx * 128 + i] = s[127 - i] + A[bx * 128 + i]

    return add


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90", "sm_120"])
def test_compiles_and_caches(arch):
    kernel = tilescale.compile(make_add(), target=f"cuda -arch={arch}", out_idx=[1])
    again = tilescale.compile(make_add(), target={"kind": "cuda", "arch": arch}, out_idx=-1)
    assert (kernel.from_cache, again.from_cache) == (False, True)
    assert kernel.binary.code == again.binary.code and kernel.binary.code[:4] == b"\x7fELF"
    assert kernel.target == f"cuda -arch={arch}" and kernel.out_idx == [1]
    assert isinstance(kernel, tilescale.JITKernel)
    assert kernel.resource_usage == again.resource_usage
    assert kernel.n_regs == kernel.resource_usage["registers"] > 0
    assert kernel.n_spills == 0 and kernel.notes == ()
    assert kernel.n_max_threads == 64
    assert kernel.resource_usage["dynamic_shared_bytes"] == 512


def test_other_options_are_other_entries():
    first = tilescale.compile(make_add(), target="cuda -arch=sm_80")
    fast = tilescale.compile(
        make_add(), target="cuda -arch=sm_80", compile_flags="-O3 --use_fast_math -Xptxas -v"
    )
    assert not first.from_cache and not fast.from_cache
    assert not tilescale.compile(make_add(), target="cuda -arch=sm_86").from_cache


def test_flags_of_nvcc_are_understood():
    options = make_options(
        target="cuda -arch=sm_80",
        compile_flags=["-O3", "--expt-relaxed-constexpr", "-DX=1", "-Xptxas -O1 -Xcompiler -fPIC"],
        pass_configs={
            "tl.enable_fast_math": True,
            "tl.device_compile_flags": "-lineinfo",
            "tl.ptxas_register_usage_level": 10,
        },
    )
    assert cuda_target.nvrtc_flags(options) == (
        "-DX=1",
        "--ptxas-options=-O1",
        "-lineinfo",
        "--use_fast_math",
        "--ptxas-options=--register-usage-level=10",
    )
    with pytest.raises(errors.CudaCompileError, match="no-such-option"):
        tilescale.compile(make_add(), target="cuda -arch=sm_80", compile_flags="--no-such-option")


def test_nvrtc_and_the_simulator_get_the_same_text(monkeypatch):
    texts = {}
    compile_text, build_text = _runtime.nvrtc_compile, sim_build._build

    def nvrtc(library, preload, source, *rest):
        texts["nvrtc"] = source
        return compile_text(library, preload, source, *rest)

    def build(folder, *rest):
        build_text(folder, *rest)
        texts["simulator"] = (folder / "kernel.cu").read_text()

    monkeypatch.setattr(_runtime, "nvrtc_compile", nvrtc)
    monkeypatch.setattr(sim_build, "_build", build)
    made = tilescale.compile(make_add(), target="cuda -arch=sm_80")
    simulated = tilescale.compile(make_add(), target="sim:sm_80", out_idx=[1])
    simulated(np.zeros(256, np.float32))
    texts["shown"], texts["simulated"] = made.get_kernel_source(), simulated.kernel_source
    texts["lowered"] = tilescale.lower(make_add(), "cuda -arch=sm_80").kernel_source
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    assert len(set(hashes.values())) == 1, hashes


NAMES = (
    "tanh",
    "rsqrtf",
    "min",
    "half",
    "gr\u00f6\u00dfe",
    "__global__",
    "TS_X",
    "mutable",
    "NULL",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_others_have(name):
    def kernel(A: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                A[i] = A[i] + 1

    kernel.__name__ = name
    func = T.prim_func(kernel)
    assert tilescale.compile(func, target="cuda -arch=sm_80").name == name
    a = np.zeros(64, np.int32)
    tilescale.compile(func, target="sim:sm_80")(a)
    np.testing.assert_array_equal(a, 1)


def test_ptx(tmp_path, capsys):
    kernel = tilescale.compile(make_add(), target="cuda -arch=sm_90")
    kernel.export_ptx(tmp_path / "add.ptx")
    text = (tmp_path / "add.ptx").read_text()
    assert ".target sm_90" in text and ".entry add" in text
    kernel.show_ptx()
    assert capsys.readouterr().out == text + "\n"
    kernel.export_library(tmp_path / "add.cubin")
    assert (tmp_path / "add.cubin").read_bytes() == kernel.binary.code


def test_machine_code_as_text(tmp_path, monkeypatch, capsys):
    kernel = tilescale.compile(make_add(), target="cuda -arch=sm_80")
    monkeypatch.setattr(disassemble, "_candidates", lambda: iter(()))
    with pytest.raises(errors.MissingCudaLibraryError, match="disassembler") as info:
        kernel.show_sass()
    assert "nvdisasm" in info.value.remedy
    program = tmp_path / "nvdisasm"
    program.write_text('#!/bin/sh\necho "$1: $(wc -c < $2) bytes"\n')
    program.chmod(0o755)
    monkeypatch.setattr(disassemble, "_candidates", lambda: iter((program,)))
    kernel.export_sass(tmp_path / "add.sass")
    kernel.show_sass()
    expected = f"--print-code: {len(kernel.binary.code)} bytes\n"
    assert (tmp_path / "add.sass").read_text() == expected
    assert capsys.readouterr().out == expected + "\n"


def test_spills_are_a_warning_that_names_the_kernel(monkeypatch):
    log = (
        "ptxas info : Compiling entry function 'add' for 'sm_80'\n"
        "    32 bytes stack frame, 40 bytes spill stores, 44 bytes spill loads\n"
        "ptxas info : Used 255 registers\n"
        "ptxas warning : setmaxnreg ignored\n"
    )
    real = cuda_target.compile_cuda

    def compile_with_spills(*args, **fields):
        made = real(*args, **fields)
        return CudaBinary(made.code, made.arch, made.source, log, made.kernels, {})

    monkeypatch.setattr(cuda_target, "compile_cuda", compile_with_spills)
    with pytest.warns(errors.CompileNoteWarning, match="kernel `add`") as caught:
        kernel = tilescale.compile(make_add(), target="cuda -arch=sm_80")
    texts = [str(warning.message) for warning in caught]
    assert any("spills 40 bytes (255 registers)" in text for text in texts)
    assert any("setmaxnreg ignored" in text for text in texts)
    assert kernel.n_spills == 40 and len(kernel.notes) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tilescale.compile(make_add(), target="cuda -arch=sm_80").notes == kernel.notes


@pytest.mark.skipif(HAS_GPU, reason="the machine has a GPU")
def test_a_call_without_a_gpu_says_so():
    kernel = tilescale.compile(make_add(), target="cuda")
    with pytest.raises((errors.MissingDriverError, errors.MissingGpuError)) as info:
        kernel(np.zeros(256, np.float32), np.zeros(256, np.float32))
    assert 'target="cpu"' in info.value.remedy or "nvidia-smi" in info.value.remedy


def test_missing_nvrtc(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CUDA_PATH", str(tmp_path))
    with pytest.raises(errors.MissingCudaLibraryError, match="NVRTC") as info:
        tilescale.compile(make_add(), target="cuda -arch=sm_80")
    assert "pip install" in info.value.remedy


def test_a_cached_kernel_needs_no_nvrtc_again(monkeypatch):
    tilescale.compile(make_add(), target="cuda -arch=sm_80")
    monkeypatch.setattr(cuda_target, "compile_cuda", None)
    assert tilescale.compile(make_add(), target="cuda -arch=sm_80").from_cache
