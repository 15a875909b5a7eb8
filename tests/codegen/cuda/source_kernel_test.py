"""T.CUDASourceCodeKernel: launches of kernels that users wrote in CUDA C++."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.codegen.cuda import ptx_text
from tests.support import machine
from tests.support.gpu import needs_nvrtc_for
from tilescale import errors
from tilescale.sim import build as sim_build

SOURCE = """
// __global__ void nobody(int x);
__global__ void first(float* A) { A[0] = 0; }

extern "C" __global__ void __launch_bounds__(128) plus(const float* __restrict__ A, float* B,
                                                       float more, /* elements */ int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) B[i] = A[i] + more;
}
"""
SINGLE = """__global__ void twice(void* A, float *B, int n) {
  int i = int(blockIdx.x * 32 + threadIdx.y * 8 + threadIdx.x);
  if (i < n) B[i] = 2 * static_cast<float*>(A)[i];
}"""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def plus(source=SOURCE, entry="plus", dtype="float32"):
    N = T.dynamic("N")

    @T.prim_func
    def launches(A: T.Tensor((N,), dtype), B: T.Tensor((N,), dtype), more: T.float32):
        T.CUDASourceCodeKernel(
            T.ceildiv(N, 128), threads=128, source_code_or_path=source, entry_name=entry
        )

    return launches


def twice(source=SINGLE, threads=(8, 4), **options):
    N = T.dynamic("N")

    @T.prim_func
    def launches(A: T.Tensor((N,), "float32"), B: T.Tensor((N,), "float32")):
        T.CUDASourceCodeKernel(
            T.ceildiv(N, 32), threads=threads, source_code_or_path=source, **options
        )

    return launches


@pytest.mark.parametrize("arch", ["sm_70", "sm_90"])
def test_it_is_launched_with_the_arguments(arch):
    a, b = np.arange(300, dtype=np.float32), np.zeros(300, np.float32)
    machine.build(plus(), arch)(a, b, 2.5)
    np.testing.assert_array_equal(b, a + 2.5)


def test_the_only_kernel_needs_no_name_and_blocks_may_have_several_dimensions():
    a, b = np.arange(100, dtype=np.float32), np.zeros(100, np.float32)
    machine.build(twice())(a, b)
    np.testing.assert_array_equal(b, 2 * a)
    assert 'extern "C" __global__ void twice(' in machine.source(twice())


def test_the_text_may_lie_in_a_file(tmp_path):
    file = tmp_path / "twice.cu"
    file.write_text(SINGLE)
    for path in (file, str(file)):
        assert "void twice(" in machine.source(twice(path))


def test_it_stands_beside_other_launches():
    @T.prim_func
    def both(A: T.Tensor((64,), "float32"), B: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                A[i] = A[i] + 1
        T.CUDASourceCodeKernel(
            2,
            threads=32,
            source_code_or_path=SINGLE.replace(", int n", "")
            .replace("i < n", "i < 64")
            .replace("threadIdx.y * 8 +", ""),
        )

    a, b = np.arange(64, dtype=np.float32), np.zeros(64, np.float32)
    machine.build(both)(a, b)
    np.testing.assert_array_equal(b, 2 * (np.arange(64) + 1))


@pytest.mark.parametrize("arch", ["sm_70", "sm_120"])
def test_nvrtc_compiles_it(arch):
    needs_nvrtc_for(arch)
    lowered = tilescale.lower(plus(), target=f"cuda -arch={arch}")
    assert lowered.signature["kernel"] == "plus"
    assert ".visible .entry plus(" in ptx_text.ptx_of(lowered.kernel_source, arch)


def lower(func):
    return tilescale.lower(func, target="cuda -arch=sm_80")


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ("float* A, float* B, float more", "plus"),
        ("float* A, float* B, int n, float more", "plus"),
        ("double* A, float* B, float more, int n", "double"),
        ("float A, float* B, float more, int n", "float A"),
        ("float* A, float* B, float* more, int n", "float* more"),
        ("float* A, float* B, double more, int n", "double more"),
        ("float* A, float* B, float more, long long n", "long long"),
        ("", "none"),
    ],
)
def test_other_parameters_are_an_error(parameters, word):
    source = f"__global__ void plus({parameters}) {{}}"
    with pytest.raises(errors.SourceKernelError, match="takes other parameters") as caught:
        lower(plus(source))
    assert word in str(caught.value)
    assert (
        caught.value.expected
        == "float* __restrict__ A, float* __restrict__ B, float more, int32_t N"
    )
    assert caught.value.span.file == __file__


@pytest.mark.parametrize(
    "parameters",
    [
        "float4* A, void* B, float more, int n",
        "const unsigned char* A, char *B, const float more, unsigned int n",
        "float A[], float* __restrict__ B, float more, int32_t n",
    ],
)
def test_pointers_to_other_views_of_the_bytes_are_taken(parameters):
    lower(plus(f"__global__ void plus({parameters}) {{}}"))


@pytest.mark.parametrize(
    ("source", "entry", "got"),
    [
        (SOURCE, "minus", "first, plus"),
        (SOURCE, None, "first, plus"),
        ("__device__ void f() {}\n", None, "none"),
    ],
)
def test_a_missing_kernel_is_an_error(source, entry, got):
    with pytest.raises(errors.SourceKernelError, match="no such kernel") as caught:
        lower(plus(source, entry))
    assert caught.value.got == got


@pytest.mark.parametrize(
    ("given", "match"), [("nowhere/kernel.cu", "does not exist"), ("", "no text"), (7, "no text")]
)
def test_a_missing_text_is_an_error(given, match):
    with pytest.raises(errors.SourceKernelError, match=match):
        twice(given)


def test_the_cpu_target_has_no_such_kernels():
    with pytest.raises(errors.ThreadLevelOnCpuError, match=r"T\.CUDASourceCodeKernel"):
        tilescale.lower(twice(), "cpu")


def test_what_the_users_text_does_with_its_parameters_is_not_known():
    """Its vectors may be as long as any: no variant of it has shorter ones."""
    lowered = tilescale.lower(plus(), target="cuda -arch=sm_80")
    tensors = [param for param in lowered.signature["params"] if param["kind"] == "tensor"]
    assert tensors and {param["alignment"] for param in tensors} == {16}


def rejected_by_the_simulator(func, *values):
    arguments = [np.zeros(64, np.float32), np.zeros(64, np.float32), *values]
    with pytest.raises(errors.CudaCompileError) as caught:
        tilescale.compile(func, target="sim:sm_80")(*arguments)
    assert caught.value.span.file == __file__
    return str(caught.value)


@pytest.mark.parametrize("linkage", ["", 'extern "C" '])
def test_a_mistake_in_the_text_is_the_users(linkage):
    source = SINGLE.replace("int(blockIdx", "whole(blockIdx").replace(
        "__global__", f"{linkage}__global__"
    )
    error = rejected_by_the_simulator(twice(source))
    assert "T.CUDASourceCodeKernel:2:11: error: 'whole' was not declared" in error
    assert "int i = whole(blockIdx.x" in error
    assert "T.CUDASourceCodeKernel(" in error and "  --> " in error


def foreign(text):
    @T.prim_func
    def calls(A: T.Tensor((64,), "float32"), B: T.Tensor((64,), "float32")):
        T.import_source("// The first of two texts.\n")
        T.import_source(text)
        with T.Kernel(1, threads=64):
            tx = T.get_thread_binding(0)
            B[tx] = T.call_pure_extern("float32", "helper", A[tx])

    return calls


HELPER = "static TS_DEVICE float helper(float x) {\n  return x * two;\n}\n"


def test_a_mistake_in_an_imported_source_is_the_users():
    error = rejected_by_the_simulator(foreign(HELPER))
    assert "T.import_source:3:14: error: 'two' was not declared" in error


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HELPER.replace("helper", "helpers").replace("two", "2"), "'helper' was not declared"),
        (HELPER.replace("two", "x").replace("x)", "x, int y)"), "too few arguments"),
        ("float helper(float x);", "undefined reference to `helper(float)'"),
    ],
)
def test_a_mistake_that_shows_outside_of_the_source_is_the_users_too(text, what):
    error = rejected_by_the_simulator(foreign(text))
    assert what in error
    assert "T.import_source" in error


def test_what_no_user_wrote_is_not_a_users_mistake():
    text = sim_build.Text("nonsense", "nobody")
    with pytest.raises(errors.InternalError, match=r"kernel\.cu:1:1: error: 'nonsense'"):
        sim_build.build(text, 80, False)
