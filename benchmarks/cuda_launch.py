"""Host time of a call with three torch tensors, against a C loop that launches the same kernel.

Usage: PYTHONPATH=site:. python benchmarks/cuda_launch.py in the folder of the GPU pack, after its
run.sh, on a machine with a C compiler. Both sides launch bursts of 500 after a synchronisation;
printed is the median burst's time for a launch.
"""

import ctypes
import statistics
import tempfile
import time
from pathlib import Path

import torch

from tests.cuda import kernels
from tilescale.jit import toolchain

BURST, BURSTS = 500, 41
LOOP = """
typedef int (*launch_fn)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                         unsigned, void*, void**, void**);
int burst(launch_fn launch, void* function, void* stream, void** params, int count) {
  for (int i = 0; i < count; ++i) {
    int status = launch(function, 1, 1, 1, 64, 1, 1, 0, stream, params, 0);
    if (status) return status;
  }
  return 0;
}
"""


def median_us(burst):
    burst()
    times = []
    for _ in range(BURSTS):
        torch.cuda.synchronize()
        start = time.perf_counter_ns()
        burst()
        times.append((time.perf_counter_ns() - start) / BURST / 1000)
    torch.cuda.synchronize()
    return statistics.median(times)


def c_burst(kernel, tensors):
    """Returns a function that launches through a compiled loop, with equal parameters."""
    driver = ctypes.CDLL("libcuda.so.1")
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    assert driver.cuModuleLoadData(ctypes.byref(module), kernel.binary.code) == 0
    assert driver.cuModuleGetFunction(ctypes.byref(function), module, b"add") == 0
    folder = Path(tempfile.mkdtemp())
    (folder / "loop.c").write_text(LOOP)
    toolchain.compile_shared(folder / "loop.c", folder / "loop.so")
    loop = ctypes.CDLL(str(folder / "loop.so"))
    values = [ctypes.c_int64(t.data_ptr()) for t in tensors]
    values += [ctypes.c_int64(tensors[0].numel()), ctypes.c_int64(1)]
    params = (ctypes.c_void_p * 5)(*(ctypes.addressof(value) for value in values))
    launch = ctypes.cast(driver.cuLaunchKernel, ctypes.c_void_p)
    stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
    keep = (values, params)

    def run(keep=keep):
        assert loop.burst(launch, function, stream, params, BURST) == 0

    return run


def main():
    arch = "sm_{}{}".format(*torch.cuda.get_device_capability())
    kernel = kernels.load_add(arch, role="input")
    a, b, c = (torch.ones(64, device="cuda") for _ in range(3))

    def python_burst():
        for _ in range(BURST):
            kernel(a, b, c)

    kernel(a, b, c)
    ours, loop = [], []
    for _ in range(5):
        ours.append(median_us(python_burst))
        loop.append(median_us(c_burst(kernel, (a, b, c))))
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {BURSTS} bursts of {BURST}")
    print(f"kernel(a, b, c): {statistics.median(ours):.2f} us, {[round(t, 2) for t in ours]}")
    print(f"C loop:          {statistics.median(loop):.2f} us, {[round(t, 2) for t in loop]}")
    print(f"ratio: {statistics.median(ours) / statistics.median(loop):.2f}")


if __name__ == "__main__":
    main()
