"""Launches on the GPU of this machine; skipped, with the reason, where there is none."""

import pytest

from tests.cuda import kernels
from tests.runtime.c_kernels import tensor
from tests.support.gpu import torch_with_gpu
from tilescale import cuda, errors

torch, ARCH = torch_with_gpu()
LIMITS = cuda.architecture(ARCH)


def draw(*shape, dtype=torch.float32):
    return torch.randn(*shape, device="cuda").to(dtype)


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 100_003])
def test_add(n):
    a, b = draw(n), draw(n)
    c = kernels.load_add(ARCH)(a, b)
    assert c.device == a.device
    assert torch.equal(c, a + b)


def test_scalars_of_two_types():
    x, y = draw(100, dtype=torch.float16), draw(100)
    want = y + 0.5 * x.float()
    kernels.load_axpy(ARCH)(x, y, 0.5, 100)
    torch.testing.assert_close(y, want)


def test_most_shared_memory():
    count = LIMITS.max_shared_bytes // 4
    kernel = kernels.load_reverse(ARCH, count)
    x = draw(count)
    assert torch.equal(kernel(x), x.flip(0))
    attributes = kernel.attributes(0)
    assert attributes["max_shared_bytes"] == LIMITS.max_shared_bytes
    assert attributes["blocks_per_multiprocessor"] == 1
    assert attributes["registers"] == kernel.resources.registers


def test_launch_is_on_the_current_stream():
    stream = torch.cuda.Stream()
    a, b = draw(1 << 20), draw(1 << 20)
    kernel = kernels.load_add(ARCH)
    kernel(a, b)
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(200_000_000)
        c = kernel(a, b)
        assert not stream.query()  # Neither waited for, nor run elsewhere.
        d = c + 1
    assert torch.cuda.default_stream().query()
    stream.synchronize()
    assert torch.equal(d, a + b + 1)


@pytest.mark.parametrize("warm", [False, True])
def test_graph_capture(warm):
    a, b, c = draw(1000), draw(1000), torch.zeros(1000, device="cuda")
    kernel = kernels.load_add(ARCH, role="input")
    if warm:
        kernel(a, b, c)
        c.zero_()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        kernel(a, b, c)
    assert not c.any()
    for _ in range(3):
        a.normal_()
        graph.replay()
        torch.cuda.synchronize()
        assert torch.equal(c, a + b)


def test_workspace():
    source = """
extern "C" __global__ void k(const float* x, float* w, float* y) {
  w[threadIdx.x] = 2 * x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = w[63 - threadIdx.x];
}
"""
    shape = [{"const": 64}]
    params = [
        tensor("X", shape),
        tensor("W", shape, role="workspace", written=True),
        tensor("Y", shape, role="output", written=True),
    ]
    x = draw(64)
    assert torch.equal(kernels.load(source, "k", params, ARCH)(x), 2 * x.flip(0))


COOPERATIVE = """
extern "C" __global__ void k(int* arrived, int* seen) {
  if (threadIdx.x == 0) {
    atomicAdd(arrived, 1);
    while (atomicAdd(arrived, 0) < gridDim.x) {}
    seen[blockIdx.x] = atomicAdd(arrived, 0);
  }
}
"""


def load_cooperative(blocks):
    params = [
        tensor("A", [{"const": 1}], "int32", written=True),
        tensor("S", [{"const": blocks}], "int32", written=True),
    ]
    grid = [{"const": blocks}]
    return kernels.load(COOPERATIVE, "k", params, ARCH, grid=grid, cooperative=True)


def test_cooperative_launch():
    blocks = torch.cuda.get_device_properties(0).multi_processor_count
    arrived, seen = (torch.zeros(n, dtype=torch.int32, device="cuda") for n in (1, blocks))
    load_cooperative(blocks)(arrived, seen)
    assert (seen == blocks).all()


def test_cooperative_launch_of_too_many_blocks():
    arrived, seen = (torch.zeros(n, dtype=torch.int32, device="cuda") for n in (1, 1 << 20))
    with pytest.raises(errors.GridLimitError, match="too large") as caught:
        load_cooperative(1 << 20)(arrived, seen)
    assert "all resident at once" in caught.value.expected


def test_grid_too_large():
    grid = [{"const": 1}, {"const": 65536}]
    kernel = kernels.load('extern "C" __global__ void k() {}', "k", [], ARCH, grid=grid)
    with pytest.raises(errors.GridLimitError) as caught:
        kernel()
    assert caught.value.got == "(1, 65536, 1)"
    assert "65535" in caught.value.expected


def test_device_of_another_architecture():
    other = "sm_75" if ARCH != "sm_75" else "sm_80"
    with pytest.raises(errors.ArchitectureMismatchError) as caught:
        kernels.load_add(other)(draw(8), draw(8))
    assert other in caught.value.expected
    own = ARCH.rstrip("af")
    assert own in caught.value.got
    assert f"-arch={own}" in caught.value.remedy


def test_more_threads_than_the_kernel_was_compiled_for():
    source = """
extern "C" __global__ void __launch_bounds__(256) k(float* x) {
  x[threadIdx.x] = 0;
}
"""
    params = [tensor("X", [{"const": 1024}], written=True)]
    kernel = kernels.load(source, "k", params, ARCH, block=(1024, 1, 1))
    with pytest.raises(errors.ThreadLimitError, match="more threads than it was") as caught:
        kernel(draw(1024))
    assert caught.value.got == "1024 threads"


def test_wrong_arguments():
    kernel = kernels.load_add(ARCH)
    with pytest.raises(errors.ArgumentDTypeError):
        kernel(draw(8), draw(8, dtype=torch.float16))
    with pytest.raises(errors.ArgumentShapeError):
        kernel(draw(8), draw(9))
    with pytest.raises(errors.ArgumentDeviceError) as caught:
        kernel(draw(8), torch.zeros(8))
    assert caught.value.expected == "cuda:0"


def test_tensors_on_two_devices():
    if torch.cuda.device_count() < 2:
        pytest.skip("needs two devices")
    kernel = kernels.load_add(ARCH)
    with pytest.raises(errors.ArgumentDeviceError, match="wrong device"):
        kernel(draw(8), draw(8).to("cuda:1"))
    a = draw(8).to("cuda:1")
    assert kernel(a, a).device.index == 1
    assert torch.cuda.current_device() == 0
