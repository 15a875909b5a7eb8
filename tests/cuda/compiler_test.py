"""The compiler's results and refusals; needs NVRTC, but no GPU."""

import sys

import pytest

from tests.cuda.probes import SOURCES
from tests.support.gpu import needs_nvrtc_for
from tilescale import cuda, errors
from tilescale.cuda import toolkit
from tilescale.cuda.compiler import parse_resources

SPILLING = """
extern "C" __global__ void __launch_bounds__(1024, 2) spill(float* x) {
  float a[64];
  for (int i = 0; i < 64; ++i) a[i] = x[i * threadIdx.x];
  for (int j = 0; j < x[0]; ++j)
#pragma unroll
    for (int i = 0; i < 64; ++i) a[i] = a[i] * a[(i + 5) % 64] + j;
  for (int i = 0; i < 64; ++i) x[i * threadIdx.x] = a[i];
}
"""
HELPER = "__device__ float twice(float x) { return 2 * x; }"
CALLER = """
__device__ float twice(float x);
extern "C" __global__ void caller(float* x) { x[threadIdx.x] = twice(x[threadIdx.x]); }
"""


def test_toolkit_says_what_it_is():
    found = cuda.find_toolkit("sm_80")
    assert 80 in found.architectures
    assert found.include is not None
    assert found.fingerprint == cuda.find_toolkit("sm_90").fingerprint
    assert str(found).startswith(f"NVRTC {found.version[0]}.{found.version[1]} (")


def test_same_source_gives_the_same_bytes():
    first, second = (cuda.compile_cuda(SOURCES["add"], "sm_80") for _ in range(2))
    assert first.code == second.code


def test_spills_are_reported():
    binary = cuda.compile_cuda(SPILLING, "sm_80")
    assert binary.resources["spill"].spill_store_bytes > 0
    assert any("spill: spills" in note for note in binary.notes)


def test_ignored_request_is_reported():
    source = """
extern "C" __global__ void k(float* x) {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 240;");
  x[threadIdx.x] = 1;
}
"""
    binary = cuda.compile_cuda(source, "sm_90a", relocatable=True)
    assert any("setmaxnreg" in note for note in binary.notes)


def test_resources_of_several_kernels():
    binary = cuda.compile_cuda(
        'extern "C" __global__ void a(int* x) { *x = 1; }\n'
        'extern "C" __global__ void b(int* x) { __shared__ int s[64]; s[threadIdx.x] = *x;'
        " __syncthreads(); *x = s[threadIdx.x ^ 1]; }",
        "sm_80",
        kernels=["a", "b"],
    )
    assert binary.resources["a"].shared_bytes == 0
    assert binary.resources["b"].shared_bytes == 256
    assert parse_resources("") == {}


def test_headers_in_memory():
    source = '#include "own/two.h"\nextern "C" __global__ void k(int* x) { *x = TWO; }'
    binary = cuda.compile_cuda(source, "sm_80", headers={"own/two.h": "#define TWO 2\n"})
    assert binary.kernels == ("k",)


@pytest.mark.parametrize("arch", ["sm_70", "sm_90a"])
@pytest.mark.parametrize("lto", [False, True])
def test_link(arch, lto):
    needs_nvrtc_for(arch)
    how = {"lto": True} if lto else {"relocatable": True}
    parts = [cuda.compile_cuda(text, arch, **how) for text in (CALLER, HELPER)]
    linked = cuda.link_cuda(parts, kernels=["caller"])
    assert "caller" in linked.kernels


def test_link_without_a_definition():
    part = cuda.compile_cuda(CALLER, "sm_80", relocatable=True)
    with pytest.raises(errors.CudaLinkError, match="cannot be linked"):
        cuda.link_cuda([part], kernels=["caller"])


def test_link_of_different_kinds():
    parts = [
        cuda.compile_cuda(CALLER, "sm_80", lto=True),
        cuda.compile_cuda(HELPER, "sm_80", relocatable=True),
    ]
    with pytest.raises(errors.CudaLinkError, match="cannot be linked together"):
        cuda.link_cuda(parts)


def test_bad_source_shows_the_line():
    source = 'extern "C" __global__ void k(int* x) {\n  *x = undeclared;\n}'
    with pytest.raises(errors.CudaCompileError) as caught:
        cuda.compile_cuda(source, "sm_80", name="mine.cu")
    assert "mine.cu(2): error" in caught.value.message
    assert "2 |   *x = undeclared;" in caught.value.message


def test_kernel_with_a_mangled_name():
    with pytest.raises(errors.CudaCompileError, match="has no kernel k") as caught:
        cuda.compile_cuda("__global__ void k() {}", "sm_80", kernels=["k"])
    assert 'extern "C"' in caught.value.remedy


def test_too_much_static_shared_memory():
    source = """
extern "C" __global__ void big(float* x) {
  __shared__ float s[20000];
  s[threadIdx.x] = *x;
  __syncthreads();
  x[1] = s[threadIdx.x ^ 1];
}
"""
    with pytest.raises(errors.SharedMemoryLimitError) as caught:
        cuda.compile_cuda(source, "sm_80")
    assert caught.value.got == "80000 bytes"
    assert caught.value.expected == "at most 49152 bytes"


@pytest.mark.parametrize("arch", ["sm_35", "sm_81", "sm80", "sm_80a", "90", "", "sm_9000"])
def test_unknown_architecture(arch):
    with pytest.raises(errors.UnsupportedArchitectureError) as caught:
        cuda.compile_cuda(SOURCES["add"], arch)
    assert "sm_90a" in caught.value.remedy


def test_architecture_that_nvrtc_does_not_know():
    known = cuda.find_toolkit("sm_80").architectures
    missing = next(n for n in (70, 72, 88, 110) if n not in known)
    with pytest.raises(errors.UnsupportedArchitectureError, match="no NVRTC on this machine"):
        cuda.find_toolkit(f"sm_{missing}")


def test_missing_nvrtc(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CUDA_PATH", str(tmp_path))
    with pytest.raises(errors.MissingCudaLibraryError) as caught:
        cuda.compile_cuda(SOURCES["add"], "sm_80")
    assert str(tmp_path) in caught.value.expected
    assert "pip install nvidia-cuda-nvrtc-cu12" in caught.value.remedy


def test_broken_nvrtc(tmp_path, monkeypatch):
    (tmp_path / "lib64").mkdir()
    (tmp_path / "lib64" / "libnvrtc.so.12").write_text("no library")
    monkeypatch.setenv("TILESCALE_CUDA_PATH", str(tmp_path))
    with pytest.raises(errors.MissingCudaLibraryError, match="was not found") as caught:
        cuda.compile_cuda(SOURCES["add"], "sm_80")
    assert "libnvrtc.so.12" in caught.value.got


def test_newest_toolkit_that_the_driver_accepts(monkeypatch):
    found = cuda.find_toolkit("sm_80")
    newer = toolkit.dataclasses.replace(found, version=(99, 0))
    monkeypatch.setattr(toolkit, "_find_toolkits", lambda *_: (newer, found))
    monkeypatch.setattr(toolkit, "_driver_major", lambda: found.version[0])
    assert cuda.find_toolkit("sm_80") is found
    monkeypatch.setattr(toolkit, "_driver_major", lambda: sys.maxsize)
    assert cuda.find_toolkit("sm_80") is newer


def wide_product(bounds):
    """A matrix instruction with 128 accumulators in each thread."""
    slots = ", ".join(f"%{i}" for i in range(128))
    operands = ", ".join(f'"+f"(d[{i}])' for i in range(128))
    return f"""
extern "C" __global__ void {bounds} k(float* x, long long a, long long b) {{
  float d[128];
  for (int i = 0; i < 128; ++i) d[i] = x[i * threadIdx.x];
  asm volatile("wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16 {{{slots}}}, "
               "%128, %129, 1, 1, 1, 0, 0;"
               : {operands} : "l"(a), "l"(b));
  asm volatile("wgmma.commit_group.sync.aligned;\\nwgmma.wait_group.sync.aligned 0;");
  for (int i = 0; i < 128; ++i) x[i * threadIdx.x] = d[i];
}}
"""


@pytest.mark.parametrize(
    ("bounds", "options", "expected", "got"),
    [
        ("__launch_bounds__(512)", (), "at most 128 registers", "154 registers"),
        ("__launch_bounds__(128, 8)", (), "at most 64 registers", "154 registers"),
        ("", ("--maxrregcount=32",), "at most 32 registers", "more"),
    ],
)
def test_an_instruction_with_more_registers_than_a_thread_has(bounds, options, expected, got):
    with pytest.raises(errors.RegisterLimitError, match="sm_90a") as caught:
        cuda.compile_cuda(wide_product(bounds), "sm_90a", options=options)
    assert expected in caught.value.expected
    assert caught.value.got == got
