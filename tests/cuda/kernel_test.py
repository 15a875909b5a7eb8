"""What is known of a CUDA kernel without a GPU, and what is said where there is none."""

import numpy as np
import pytest

from tests.cuda import kernels
from tests.runtime.c_kernels import expr, sym, tensor
from tests.support.gpu import needs_nvrtc_for
from tilescale import _runtime, cuda, errors
from tilescale.tools import cuda_driver

DRIVER = cuda_driver.probe()
no_driver = pytest.mark.skipif(DRIVER is not None, reason="this machine has a CUDA driver")


@no_driver
def test_attributes_without_a_driver():
    with pytest.raises(errors.MissingDriverError) as caught:
        kernels.load_add("sm_80").attributes(0)
    assert "`add`" in caught.value.message
    assert "libcuda.so.1" in caught.value.got
    assert "install the driver" in caught.value.remedy


@no_driver
def test_launch_without_a_driver():
    kernel = kernels.load('extern "C" __global__ void k() {}', "k", [], "sm_80")
    with pytest.raises(errors.MissingDriverError, match="`k` needs a CUDA device"):
        kernel()


def test_numpy_argument_is_on_the_wrong_device():
    kernel = kernels.load_add("sm_80")
    driver = cuda_driver.probe()
    if driver is None or not driver.devices:
        # No tensor can be on the right device here, which is what the user has to know.
        with pytest.raises((errors.MissingDriverError, errors.MissingGpuError)) as missing:
            kernel(np.zeros(8, np.float32), np.zeros(8, np.float32))
        assert "libcuda.so.1" in missing.value.expected
        return
    with pytest.raises(errors.ArgumentDeviceError) as caught:
        kernel(np.zeros(8, np.float32), np.zeros(8, np.float32))
    assert caught.value.expected == "a CUDA device"
    assert caught.value.got == "cpu"
    assert "x.cuda()" in caught.value.remedy


def test_argument_count():
    with pytest.raises(errors.ArgumentCountError, match="without `B`"):
        kernels.load_add("sm_80")(np.zeros(8, np.float32))


@pytest.mark.parametrize(
    ("arch", "limit"), [("sm_75", 65536), ("sm_80", 166912), ("sm_90", 232448), ("sm_120", 101376)]
)
def test_dynamic_shared_memory_of_an_architecture(arch, limit):
    kernels.load_reverse(arch, limit // 4)
    with pytest.raises(errors.SharedMemoryLimitError) as caught:
        kernels.load_reverse(arch, limit // 4 + 1)
    assert caught.value.expected == f"at most {limit} bytes"
    assert caught.value.got == f"{limit + 4} bytes"


def test_static_and_dynamic_shared_memory_count_together():
    source = """
extern "C" __global__ void k(float* x) {
  __shared__ float s[1024];
  s[threadIdx.x] = *x;
  __syncthreads();
  x[1] = s[threadIdx.x ^ 1];
}
"""
    params = [tensor("X", [{"const": 2}], written=True)]
    kernels.load(source, "k", params, "sm_75", shared_bytes=61440)
    with pytest.raises(errors.SharedMemoryLimitError, match="than sm_75 gives"):
        kernels.load(source, "k", params, "sm_75", shared_bytes=61444)


@pytest.mark.parametrize("block", [(1025, 1, 1), (32, 33, 1), (0, 1, 1), (-1, -1, 1)])
def test_block_that_no_architecture_runs(block):
    with pytest.raises(errors.ThreadLimitError, match="`k` has a block"):
        kernels.load('extern "C" __global__ void k() {}', "k", [], "sm_80", block=block)


@pytest.mark.parametrize(
    "text", ["", "s1", "1 2", "+", "s0 +", "s", "1 2 3 +", "s0 x +", "s-1", "1.5", "s0 1 /"]
)
def test_expression_that_cannot_be_read(text):
    fields = {"symbols": ["N"], "exprs": [text], "grid": [expr(0)]}
    with pytest.raises(ValueError, match="no expression in postfix form"):
        kernels.load(kernels.ADD, "add", [tensor("A", [sym(0)])], "sm_80", **fields)


def test_cubin_functions_of_garbage():
    code = cuda.compile_cuda(kernels.ADD, "sm_80").code
    assert _runtime.cubin_functions(code) == ["add"]
    assert _runtime.cubin_functions(b"") == []
    assert _runtime.cubin_functions(b"\x7fELF") == []
    # Cut anywhere, the file is read within its bounds.
    for size in range(0, len(code), 7):
        assert _runtime.cubin_functions(code[:size]) in ([], ["add"])
    with pytest.raises(TypeError):
        _runtime.cubin_functions("text")


SPREAD = """
extern "C" __global__ void __launch_bounds__(256) k(float* x) {
  float a[200];
#pragma unroll
  for (int i = 0; i < 200; ++i) a[i] = x[i * 1024 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 200; ++i) x[i * 1024 + threadIdx.x] = a[199 - i];
}
"""


@pytest.mark.parametrize("arch", ["sm_70", "sm_75", "sm_80", "sm_89", "sm_90a", "sm_120"])
def test_more_threads_than_the_registers_allow(arch):
    needs_nvrtc_for(arch)
    params = [tensor("X", [{"const": 200 * 1024}], written=True)]
    kernels.load(SPREAD, "k", params, arch, block=(256, 1, 1))
    with pytest.raises(errors.RegisterLimitError, match="more registers than") as caught:
        kernels.load(SPREAD, "k", params, arch, block=(1024, 1, 1))
    assert caught.value.expected.startswith(
        ("at most 256 threads with", "at most 288 threads with")
    )
    assert caught.value.got == "1024 threads"


@pytest.mark.parametrize("arch", ["sm_75", "sm_90a"])
def test_a_stack_that_no_thread_has(arch):
    source = """
extern "C" __global__ void k(float* x) {
  float a[140000];
  for (int i = 0; i < 140000; ++i) a[i] = x[i % 13];
  x[0] = a[int(x[1])];
}
"""
    with pytest.raises(errors.RegisterLimitError, match="local memory") as caught:
        kernels.load(source, "k", [tensor("X", [{"const": 13}], written=True)], arch)
    assert caught.value.got == "560000 bytes"
